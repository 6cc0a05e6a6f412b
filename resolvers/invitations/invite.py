"""Inviting people to an account, and revoking invitations (R32-R34, T11-T14)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, func, insert, literal, select, update

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest_of, generate
from authz.guards.delegation import RoleGrant, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import AccountId, InvitationId, Kind, new_id, present
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.users import users
from resolvers.access.blockers import blocked, members_with
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.log import Change, record, record_of_each
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.invitations.mail import queue_invitation
from resolvers.members.change import check_expiry

VALID_FOR = datetime.timedelta(days=7)


@dataclass(frozen=True)
class MemberInvitation:
    """A new invitation. `link`: the page that accepts it; the secret follows its `#`."""

    account_id: AccountId
    email: str
    role_id: uuid.UUID
    member_expires_at: datetime.datetime | None
    idempotency_key: str
    link: str


@dataclass(frozen=True)
class InvitationMade:
    """The invitation. `replayed`: an earlier request under the same key made it."""

    account: Authorized
    invitation_id: InvitationId
    replayed: bool


async def invite_member(
    session: WriteSession, principal: Principal, command: MemberInvitation
) -> InvitationMade:
    """Offer a role to an e-mail address. An earlier open offer to it ends.

    Needs MEMBERS_WRITE and all permissions of the role. The answer does not depend on whether the address is
    registered (T13). Raises ROLE_TOO_WIDE, ALREADY_MEMBER, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH, and
    PROMISE_BROKEN where accepting it would.
    """
    until = command.member_expires_at
    needed = Permission.MEMBERS_WRITE, WriteKind.REPEATABLE
    account = await authorize(session, principal, command.account_id, *needed, until=until)
    email = email_address(command.email)
    request = IdempotentRequest(
        "memberInvite",
        command.idempotency_key,
        (email.canonical, command.role_id, command.member_expires_at),
    )
    invitation_id = InvitationId(new_id())
    earlier = await claim_key(session, principal, account, request, {"invitation": str(invitation_id)})
    if earlier is not None:
        return InvitationMade(account, InvitationId(uuid.UUID(earlier["invitation"])), replayed=True)
    role = await role_to_give(session, account, command.role_id)
    check_expiry(role, command.member_expires_at)
    await refuse_members(session, principal, (account,), email.canonical)
    offer = Offer(invitation_id, email, role, command.member_expires_at, command.link)
    await add_invitation(session, principal, account, offer)
    return InvitationMade(account, invitation_id, replayed=False)


@dataclass(frozen=True)
class Offer:
    """A new invitation. The principal holds all that the role gives."""

    id: InvitationId
    email: EmailAddress
    role: RoleGrant
    member_expires_at: datetime.datetime | None
    link: str


async def add_invitation(
    session: WriteSession, principal: Principal, account: Authorized, offer: Offer
) -> None:
    """Write the invitation, its event and its mail."""
    await _withdraw_open(session, account, offer.email)
    token = generate(TokenKind.INVITATION)
    await session.send_built(
        insert(invitations).values(
            **columns_of(account),
            id=offer.id,
            email=offer.email.original,
            email_canonical=offer.email.canonical,
            role_id=offer.role.id,
            digest=digest_of(token),
            inviter_user_id=principal.user_id,
            inviter_api_key_id=principal.api_key_id,
            member_expires_at=offer.member_expires_at,
            expires_at=func.now() + VALID_FOR,
        )
    )
    await queue_invitation(session, principal, account, offer.email, f"{offer.link}#{token}")
    after = {"email": offer.email.original, "role": offer.role.name}
    subject_id = present(Kind.INVITATION, offer.id)
    await record(session, principal, account, EventType.MEMBER_INVITED, subject_id, None, dict(after))


async def revoke_invitation(
    session: WriteSession, principal: Principal, invitation_id: InvitationId
) -> InvitationMade:
    """Revoke an open invitation, in any status of the account. Needs MEMBERS_WRITE. Raises
    INVITATION_USED."""
    named = invitations.c.id == invitation_id
    account_id = select(invitations.c.account_id).where(named).scalar_subquery()
    until = select(invitations.c.member_expires_at).where(named).scalar_subquery()
    permission, write_kind = Permission.MEMBERS_WRITE, WriteKind.TAKES_AWAY
    account = await authorize(session, principal, account_id, permission, write_kind, until=until)
    this = row_of(invitations, account, invitation_id)
    row = (await session.execute(select(invitations).where(this))).one_or_none()
    if row is None:
        raise NotFound("invitationId")
    if row.accepted_at is not None:
        raise Refusal(RefusalCode.INVITATION_USED, field="invitationId")
    if row.revoked_at is None:
        await session.send_built(update(invitations).where(this).values(revoked_at=func.now()))
        subject_id = present(Kind.INVITATION, invitation_id)
        before = {"email": row.email}
        await record(
            session, principal, account, EventType.INVITATION_REVOKED, subject_id, dict(before), None
        )
    return InvitationMade(account, invitation_id, replayed=False)


async def revoke_invitations(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Revoke all open invitations of a locked account. Returns how many."""
    invitation = invitations.c
    withdrawn = (
        update(invitations)
        .where(
            in_account(invitations, account),
            invitation.accepted_at.is_(None),
            invitation.revoked_at.is_(None),
            invitation.expires_at > func.now(),
        )
        .values(revoked_at=func.now())
        .returning(invitation.id, invitation.email)
    )
    rows = (await session.execute(withdrawn)).all()
    befores: dict[str, Change] = {present(Kind.INVITATION, row.id): {"email": row.email} for row in rows}
    await record_of_each(session, principal, account, EventType.INVITATION_REVOKED, befores)
    return len(rows)


async def refuse_members(
    session: WriteSession, principal: Principal, of: Sequence[Authorized], email: str, field: str = "email"
) -> None:
    """Raise ALREADY_MEMBER where the person with the address is a member of one of the accounts. `field`: of
    the input that leads to it."""
    if not of:
        return
    master_id, account_ids = of[0].master_id, [account.account_id for account in of]
    member = (
        select(memberships.c.id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(
            memberships.c.master_id == master_id,
            memberships.c.account_id == any_(literal(account_ids, ARRAY(Uuid))),
            users.c.email_canonical == email,
            membership_holds(),
        )
        .limit(1)
    )
    if (await session.execute(member)).one_or_none() is not None:
        which = members_with(master_id, account_ids, email)
        raise await blocked(session, principal, RefusalCode.ALREADY_MEMBER, which, field)


async def _withdraw_open(session: WriteSession, account: Authorized, email: EmailAddress) -> None:
    await session.send_built(
        update(invitations)
        .where(
            in_account(invitations, account),
            invitations.c.email_canonical == email.canonical,
            invitations.c.accepted_at.is_(None),
            invitations.c.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
