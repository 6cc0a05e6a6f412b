"""Resets: a person who has lost its factors gets rid of them by the consent of others.

The person asks with the right password. Then either an owner of an account that the person is in consents,
and 24 hours pass in which the person can object by a sign-in with a factor; or two of the platform's staff
agree, and it is done at once. The mailbox is told of each step.
"""

import datetime
import uuid
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.guards.owners import owner_at_or_above
from authz.guards.staff import is_staff
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, MembershipId, UserId, present
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from models.second_factor.tables import ChallengePurpose, factor_resets
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.emails import email_address
from resolvers.second_factor.challenges import challenge_behind
from resolvers.second_factor.factors import Factors, forget_factors, has_passkey, has_totp
from resolvers.second_factor.mail import tell
from resolvers.second_factor.notices import Notice

WAITS = datetime.timedelta(hours=24)
_VALID_FOR = datetime.timedelta(days=7)


async def request_reset(session: WriteSession, challenge_token: str) -> None:
    """Ask for a reset, as the person whose password opened the challenge. Asking again changes nothing.
    Raises SECOND_FACTOR_REFUSED."""
    challenge = await challenge_behind(session, ChallengePurpose.SIGN_IN, challenge_token)
    if challenge.user_id is None:
        raise AssertionError("a sign-in is somebody's")
    await _hold(session, challenge.user_id)
    over = factor_resets.c.expires_at <= func.now()
    await session.send_built(delete(factor_resets).where(factor_resets.c.user_id == challenge.user_id, over))
    asked = insert(factor_resets).values(
        user_id=challenge.user_id, expires_at=func.now() + literal(_VALID_FOR)
    )
    made = asked.on_conflict_do_nothing().returning(factor_resets.c.user_id)
    if (await session.execute(made)).one_or_none() is not None:
        await tell(session, challenge.user_id, Notice.RESET_ASKED)


async def approve_reset(
    session: WriteSession, principal: Principal, membership_id: MembershipId
) -> Authorized:
    """Consent to the reset that a member asked for, which is done 24 hours later. Needs MEMBERS_WRITE by a
    right that lasts, and the ownership of the account or of one above it.

    Raises OWNER_REQUIRED, SECOND_PERSON_REQUIRED for one's own, NotFound where nobody asked, and CONFLICT
    for an owner whose own factors are to be reset: two of them cannot free each other.
    """
    account_id = select(memberships.c.account_id).where(memberships.c.id == membership_id).scalar_subquery()
    account = await authorize(session, principal, account_id, Permission.MEMBERS_WRITE)
    found = select(memberships.c.user_id).where(
        memberships.c.master_id == account.master_id,
        memberships.c.id == membership_id,
        membership_holds(),
    )
    user_id: uuid.UUID | None = (await session.execute(found)).scalar_one_or_none()
    if user_id is None:
        raise NotFound("memberId")
    owner_id = await owner_at_or_above(session, principal, account)
    if owner_id == user_id:
        message = "It is your own reset. Another owner, of the account or of one above it, has to consent."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message, "memberId")
    await _hold(session, owner_id, user_id)
    await _check_own_are_kept(session, owner_id)
    approved = update(factor_resets).where(_waiting(user_id), factor_resets.c.approved_by.is_(None))
    done = approved.values(
        approved_by=owner_id,
        effective_at=func.now() + literal(WAITS),
        expires_at=func.now() + literal(WAITS + _VALID_FOR),
    )
    if (await session.execute(done.returning(factor_resets.c.user_id))).one_or_none() is None:
        raise NotFound("memberId")
    subject_id = present(Kind.MEMBER, membership_id)
    await record(session, principal, account, EventType.SECOND_FACTOR_RESET_APPROVED, subject_id)
    await tell(session, user_id, Notice.RESET_APPROVED)
    return account


async def withdraw_reset(session: WriteSession, principal: Principal) -> UserId:
    """Stop the reset of the caller's factors. Raises PERSON_REQUIRED, NotFound."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    gone = delete(factor_resets).where(factor_resets.c.user_id == principal.user_id)
    if (await session.execute(gone.returning(factor_resets.c.user_id))).one_or_none() is None:
        raise NotFound
    return principal.user_id


async def reset_as_staff(session: WriteSession, principal: Principal, email: str) -> bool:
    """Agree, as platform staff, to the reset that a person asked for. The second of two does it. Returns
    whether it is done.

    Raises NotFound where the caller is no staff, and where nobody with the address asked; and
    SECOND_PERSON_REQUIRED for whoever agreed already, and for one's own.
    """
    if principal.user_id is None or not await is_staff(session, principal.user_id):
        raise NotFound
    canonical = email_address(email).canonical
    found = select(users.c.id).where(users.c.email_canonical == canonical)
    user_id = (await session.execute(found)).scalar_one_or_none()
    if user_id is None:
        raise NotFound("email")
    await _hold(session, user_id)
    row = await _reset_of(session, user_id)
    if row is None:
        raise NotFound("email")
    if principal.user_id in (user_id, row.staff_by):
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, "Another member of staff has to agree.")
    if row.staff_by is None:
        first = update(factor_resets).where(factor_resets.c.user_id == user_id)
        await session.send_built(first.values(staff_by=principal.user_id))
        return False
    await _do(session, user_id)
    return True


async def factors_after_due_reset(session: WriteSession, user_id: UserId) -> Factors:
    """The person's factors: none where an owner consented to their reset 24 hours ago, which is done now. The
    person is locked."""
    due = exists().where(_waiting(user_id), factor_resets.c.effective_at <= func.now())
    found = select(due.label("due"), has_totp(user_id).label("totp"), has_passkey(user_id).label("passkey"))
    row = (await session.execute(found)).one()
    if not row.due:
        return Factors(row.totp, row.passkey)
    await _do(session, user_id)
    return Factors(has_totp=False, has_passkey=False)


async def _do(session: WriteSession, user_id: uuid.UUID) -> None:
    await forget_factors(session, user_id)
    await session.send_built(delete(sessions).where(sessions.c.user_id == user_id))
    await session.send_built(delete(factor_resets).where(factor_resets.c.user_id == user_id))
    await tell(session, user_id, Notice.RESET)


def _waiting(user_id: uuid.UUID) -> ColumnElement[bool]:
    return (factor_resets.c.user_id == user_id) & (factor_resets.c.expires_at > func.now())


async def _reset_of(session: WriteSession, user_id: uuid.UUID) -> Row[Any] | None:
    return (await session.execute(select(factor_resets).where(_waiting(user_id)))).one_or_none()


async def _hold(session: WriteSession, *user_ids: uuid.UUID) -> None:
    """Lock the people in one order."""
    for user_id in sorted(user_ids):
        locked = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
        await session.execute(locked)


async def _check_own_are_kept(session: WriteSession, owner_id: UserId) -> None:
    own = await _reset_of(session, owner_id)
    if own is not None:
        message = (
            "Your own second factors are to be reset. Withdraw that first, or let another owner consent."
        )
        raise Refusal(RefusalCode.CONFLICT, message)
