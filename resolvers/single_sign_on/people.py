"""The person whom an issuer means, and the membership that it gets by that.

An issuer speaks for the addresses of its company's sign-in domains alone, whose ownership the company has
proved. So it names nobody else, and whoever has such an address would get in by the mailbox, too.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import Authorized, without_rights
from authz.guards.locks import lock_path
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.grants import membership_holds
from authz.wall.single_sign_on_door import enter_for_single_sign_on
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import columns_of, in_account, row_of, this_account
from models.base.ids import Kind, MembershipId, UserId, new_id, present
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import shares
from models.single_sign_on.tables import single_sign_on_identities
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.inputs.text import short_text
from resolvers.people.verified_person import verified_person
from resolvers.promises.broken import Broken
from resolvers.promises.kept import unless_it_breaks
from resolvers.sessions.ends import limit_sessions_of
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.store import Connection
from resolvers.single_sign_on.tokens import Claims
from resolvers.staff.user_rights import limit_in_force

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Known:
    """A person, as an issuer names it. `issuer_session`: the issuer's own session, if it said which."""

    user_id: UserId
    subject: str
    issuer_session: str | None


async def person_of(session: WriteSession, connection: Connection, claims: Claims) -> Known | SignOnFailure:
    """The person, who is made if nobody has the address, with the role that the claims give.

    A role that breaks a promise is not given, and the log tells so. Whoever has no other access is not let
    in: the failure is returned and not raised, as what the log tells is to be committed.

    Raises SignOnFailed for an address of another domain or one that is not verified, and without any role.
    """
    email = _address(connection, claims)
    # The person is locked before the tree: to take an address over locks the tree of whoever had it.
    user_id = await _person(session, connection, claims, email)
    await enter_for_single_sign_on(session, connection.master_id)
    await lock_path(session, connection.master_id, connection.account.account_id)
    await _name(session, connection, claims, user_id)
    if not await _give_role(session, connection, claims, user_id):
        return SignOnFailure.PROMISE_BROKEN
    return Known(user_id, claims.subject or "", claims.text("sid"))


def _address(connection: Connection, claims: Claims) -> EmailAddress:
    text = claims.text("email")
    # Some issuers leave it out, and some send it as a text.
    if str(claims.all.get("email_verified", True)).lower() != "true":
        raise SignOnFailed(SignOnFailure.EMAIL_NOT_VERIFIED)
    try:
        email = email_address(text or "")
    except Refusal as refusal:
        raise SignOnFailed(SignOnFailure.OTHER_DOMAIN, "there is no address") from refusal
    if email.canonical.rpartition("@")[2] not in connection.domains:
        raise SignOnFailed(SignOnFailure.OTHER_DOMAIN)
    return email


async def _person(
    session: WriteSession, connection: Connection, claims: Claims, email: EmailAddress
) -> UserId:
    identity = single_sign_on_identities.c
    own = in_account(single_sign_on_identities, connection.account) & (identity.subject == claims.subject)
    named = select(users.c.id, users.c.deleted_at).join(
        single_sign_on_identities, own & (users.c.id == identity.user_id)
    )
    known = (await session.execute(named)).one_or_none()
    if known is not None and known.deleted_at is None:
        return UserId(known.id)
    if known is not None:
        # Whoever deleted itself comes back as somebody new.
        await session.send_built(delete(single_sign_on_identities).where(own))
    return await verified_person(session, _name_of(claims, email), email)


def _name_of(claims: Claims, email: EmailAddress) -> str:
    for text in (claims.text("name"), claims.text("preferred_username"), email.original):
        try:
            return short_text((text or "")[:_LONGEST_NAME], "name")
        except Refusal:
            continue
    return email.canonical[:_LONGEST_NAME]


async def _name(session: WriteSession, connection: Connection, claims: Claims, user_id: UserId) -> None:
    """Note how the issuer names the person. If it named the person otherwise before, that name ends, with its
    sessions."""
    identity = single_sign_on_identities.c
    own = in_account(single_sign_on_identities, connection.account)
    renamed = delete(single_sign_on_identities).where(
        own, identity.user_id == user_id, identity.subject != claims.subject
    )
    earlier = (await session.execute(renamed.returning(identity.subject))).scalar_one_or_none()
    if earlier is not None:
        ended = sessions.c.sign_on_master_id == connection.master_id
        await session.send_built(delete(sessions).where(ended, sessions.c.sign_on_subject == earlier))
    values = {**columns_of(connection.account), "subject": claims.subject, "user_id": user_id}
    await session.send_built(upsert(single_sign_on_identities).values(values).on_conflict_do_nothing())


async def _give_role(session: WriteSession, connection: Connection, claims: Claims, user_id: UserId) -> bool:
    """Give the role that the claims name, or keep what the person has. An owner stays one. False: the role
    would break a promise, and the person has nothing else here."""
    account = without_rights(connection.account)
    mapped = await _usable_role(session, account, _mapped_role(connection, claims))
    own = in_account(memberships, account) & (memberships.c.user_id == user_id)
    held = select(memberships.c.id, memberships.c.role_id, membership_holds().label("holds")).where(own)
    row = (await session.execute(held)).one_or_none()
    if row is not None and row.holds:
        if mapped is not None and row.role_id not in (BuiltinRole.OWNER.id, mapped.id):
            await _unless_promised(
                session, account, user_id, mapped, lambda: _change_role(session, account, row, mapped)
            )
        return True
    role = mapped or await _usable_role(session, account, connection.default_role_id)
    if role is not None and await _is_active(session, account):
        joined = await _unless_promised(
            session, account, user_id, role, lambda: _join(session, account, user_id, role)
        )
        return joined or await _reaches_tree(session, connection, user_id)
    if not await _reaches_tree(session, connection, user_id):
        raise SignOnFailed(SignOnFailure.NO_ROLE)
    return True


async def _unless_promised(
    session: WriteSession,
    account: Authorized,
    user_id: UserId,
    role: Row[*tuple[Any, ...]],
    change: Callable[[], Awaitable[None]],
) -> bool:
    """Whether the change was made. The log tells of one that was not, with the promise's id alone: what it
    says is read by who may see it."""
    broken: Broken | None = await unless_it_breaks(session, change)
    if broken is None:
        return True
    after = {
        "user": present(Kind.USER, user_id),
        "role": role.name,
        "code": RefusalCode.PROMISE_BROKEN.name,
        "promise": present(Kind.ACCESS_PROMISE, broken.promise_id),
    }
    subject_id, actor = present(Kind.ACCOUNT, account.account_id), EarlierActor(user_id, None)
    kind = EventType.SINGLE_SIGN_ON_CHANGE_LEFT
    await record(session, actor, account, kind, subject_id, None, {**after})
    return False


def _mapped_role(connection: Connection, claims: Claims) -> uuid.UUID | None:
    if connection.role_claim is None:
        return None
    value = claims.all.get(connection.role_claim)
    values = value if isinstance(value, list) else [value]
    return next((role_id for text, role_id in connection.roles if text in values), None)


async def _usable_role(
    session: WriteSession, account: Authorized, role_id: uuid.UUID | None
) -> Row[*tuple[Any, ...]] | None:
    """None: there is no such role any more."""
    if role_id is None:
        return None
    statement = select(roles.c.id, roles.c.name).where(roles.c.id == role_id, roles.c.deleted_at.is_(None))
    return (await session.execute(statement)).one_or_none()


async def _is_active(session: WriteSession, account: Authorized) -> bool:
    status = select(accounts.c.status).where(this_account(accounts, account))
    return bool((await session.execute(status)).scalar_one() == AccountStatus.ACTIVE.value)


async def _reaches_tree(session: WriteSession, connection: Connection, user_id: UserId) -> bool:
    found: Sequence[Any] = ()
    for table in (memberships, shares):
        statement = select(table.c.id).where(
            table.c.master_id == connection.master_id, table.c.user_id == user_id
        )
        found = found or (await session.execute(statement.limit(1))).all()
    return bool(found)


async def _join(
    session: WriteSession, account: Authorized, user_id: UserId, role: Row[*tuple[Any, ...]]
) -> None:
    membership_id = MembershipId(new_id())
    limit = await limit_in_force(session, account.master_id, account.account_id, user_id)
    ended = in_account(memberships, account) & (memberships.c.user_id == user_id)
    await session.send_built(delete(memberships).where(ended))
    await session.send_built(
        insert(memberships).values(
            **columns_of(account),
            id=membership_id,
            user_id=user_id,
            role_id=role.id,
            below_limit=limit.mask,
            below_limit_until=limit.until,
        )
    )
    await limit_sessions_of(session, user_id)
    after = {"user": present(Kind.USER, user_id), "role": role.name}
    subject_id, actor = present(Kind.MEMBER, membership_id), EarlierActor(user_id, None)
    await record(session, actor, account, EventType.MEMBER_JOINED, subject_id, None, dict(after))


async def _change_role(
    session: WriteSession,
    account: Authorized,
    membership: Row[*tuple[Any, ...]],
    role: Row[*tuple[Any, ...]],
) -> None:
    before = select(roles.c.name).where(roles.c.id == membership.role_id)
    name = (await session.execute(before)).scalar_one()
    await session.send_built(
        update(memberships)
        .where(row_of(memberships, account, membership.id))
        .values(role_id=role.id, version=memberships.c.version + 1)
    )
    actor, subject_id = EarlierActor(None, None), present(Kind.MEMBER, membership.id)
    kind = EventType.MEMBER_UPDATED
    await record(session, actor, account, kind, subject_id, {"role": name}, {"role": role.name})
