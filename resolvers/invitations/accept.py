"""Accepting an invitation: by the very person it was made for, while its maker may still (T11, T14)."""

from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, insert, select, update

from authz.callers.principals import ANONYMOUS, Principal
from authz.callers.tokens import Digest, TokenKind, digest
from authz.guards.delegation import RoleGrant, role_in
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_path
from authz.offers.acceptance import check_not_lapsed
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.grants import membership_holds
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.base.ids import Kind, MembershipId, UserId, new_id, present
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.users import users
from models.roles.tables import roles
from resolvers.effects.log import EventKind, record
from resolvers.invitations.reads import InvitationStatus, lapse_of, status_of
from resolvers.members.change import MemberChange
from resolvers.members.ownership import take_ownership
from resolvers.people.mailbox import check_verified
from resolvers.staff.user_rights import limit_in_force

InvitationRow = Row[*tuple[object, ...]]


def invitation_preview(token: str) -> Select[Any]:
    """What the holder of an invitation's link may know before accepting: no row where it cannot be accepted,
    else (account_name, inviter_name, role_name, role_description, role_mask, email, expires_at)."""
    return (
        select(
            accounts.c.name.label("account_name"),
            users.c.name.label("inviter_name"),
            roles.c.name.label("role_name"),
            roles.c.description.label("role_description"),
            roles.c.member_mask.label("role_mask"),
            invitations.c.email,
            invitations.c.expires_at,
        )
        .join(
            accounts,
            and_(accounts.c.master_id == invitations.c.master_id, accounts.c.id == invitations.c.account_id),
        )
        .join(roles, roles.c.id == invitations.c.role_id)
        .outerjoin(users, users.c.id == invitations.c.inviter_user_id)
        .where(
            invitations.c.digest == digest(token, TokenKind.INVITATION),
            status_of(invitations) == InvitationStatus.PENDING.value,
        )
    )


async def accept_invitation(session: WriteSession, principal: Principal, token: str) -> MemberChange:
    """Become a member. What the person is elsewhere stays as it is (T12).

    Only for the signed-in person with the invited address, which was proved. Raises NotFound for an unknown
    link, and Refusal with PERSON_REQUIRED, WRONG_PERSON, ADDRESS_NOT_VERIFIED, INVITATION_EXPIRED (also where
    the membership would have ended by now), INVITATION_USED, INVITATION_REVOKED (also where the inviter lost
    the right meanwhile), ALREADY_MEMBER, ALREADY_OWNS_ACCOUNT, ACCOUNT_SUSPENDED, ACCOUNT_CLOSED.
    """
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    token_digest = digest(token, TokenKind.INVITATION)
    if token_digest is None:
        raise NotFound("token")
    # Until it is accepted, the link alone leads the person into the tree.
    await enter(session, principal.credentials._replace(link=token_digest))
    invitation = await invitation_behind(session, token_digest)
    await lock_path(session, invitation.master_id, invitation.account_id)
    invitation = await invitation_behind(session, token_digest)
    await _check_person(session, principal.user_id, invitation)
    check_unanswered(invitation)
    check_not_lapsed(invitation.lapse, RefusalCode.INVITATION_EXPIRED, RefusalCode.INVITATION_REVOKED)
    account = Authorized(invitation.master_id, invitation.account_id, 0, 0, invitation.account_id)
    role = await role_in(session, account, invitation.role_id)
    return await _join(session, principal, account, invitation, role)


async def invitation_for(session: WriteSession, email_canonical: str, token: str) -> InvitationRow:
    """The open invitation with this secret, which proves that its holder has the mailbox of the address that
    it was made for. Raises what `accept_invitation` raises for the link and for another address."""
    token_digest = digest(token, TokenKind.INVITATION)
    if token_digest is None:
        raise NotFound("invitationToken")
    await enter(session, ANONYMOUS._replace(link=token_digest))
    invitation = await invitation_behind(session, token_digest)
    if email_canonical != invitation.email_canonical:
        raise Refusal(RefusalCode.WRONG_PERSON)
    check_unanswered(invitation)
    return invitation


async def _join(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    invitation: InvitationRow,
    role: RoleGrant,
) -> MemberChange:
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    membership_id = await _add_membership(session, account, principal.user_id, invitation, role)
    if role.id == BuiltinRole.OWNER.id:
        await take_ownership(session, account, principal.user_id)
    await session.execute(
        update(invitations)
        .where(invitations.c.master_id == account.master_id, invitations.c.id == invitation.id)
        .values(accepted_at=func.now())
    )
    after = {"user": present(Kind.USER, principal.user_id), "role": role.name}
    subject_id = present(Kind.MEMBER, membership_id)
    await record(session, principal, account, EventKind.MEMBER_JOINED, subject_id, None, dict(after))
    return MemberChange(account, membership_id)


async def _add_membership(
    session: WriteSession,
    account: Authorized,
    user_id: UserId,
    invitation: InvitationRow,
    role: RoleGrant,
) -> MembershipId:
    own = and_(
        memberships.c.master_id == account.master_id,
        memberships.c.account_id == account.account_id,
        memberships.c.user_id == user_id,
    )
    if (await session.execute(select(memberships.c.id).where(own, membership_holds()))).one_or_none():
        raise Refusal(RefusalCode.ALREADY_MEMBER)
    await session.execute(delete(memberships).where(own))
    membership_id = MembershipId(new_id())
    limit = await limit_in_force(session, account.master_id, account.account_id, user_id)
    await session.execute(
        insert(memberships).values(
            master_id=account.master_id,
            account_id=account.account_id,
            id=membership_id,
            user_id=user_id,
            role_id=role.id,
            expires_at=invitation.member_expires_at,
            below_limit=limit.mask,
            below_limit_until=limit.until,
        )
    )
    return membership_id


async def invitation_behind(session: WriteSession, token_digest: Digest) -> InvitationRow:
    """The link's invitation, with its `status` and `lapse`. Raises NotFound."""
    known = status_of(invitations).label("status"), lapse_of(invitations).label("lapse")
    statement = select(invitations, *known).where(invitations.c.digest == token_digest)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("token")
    return row


async def _check_person(session: WriteSession, user_id: UserId, invitation: InvitationRow) -> None:
    address = select(users.c.email_canonical).where(users.c.id == user_id)
    if (await session.execute(address)).scalar_one() != invitation.email_canonical:
        raise Refusal(RefusalCode.WRONG_PERSON)
    await check_verified(session, user_id)


def check_unanswered(invitation: InvitationRow) -> None:
    """Raise INVITATION_USED, INVITATION_REVOKED and INVITATION_EXPIRED for what has its answer."""
    code = _REFUSALS.get(InvitationStatus(invitation.status))
    if code is not None:
        raise Refusal(code)


_REFUSALS = {
    InvitationStatus.ACCEPTED: RefusalCode.INVITATION_USED,
    InvitationStatus.REVOKED: RefusalCode.INVITATION_REVOKED,
    InvitationStatus.DECLINED: RefusalCode.INVITATION_REVOKED,
    InvitationStatus.EXPIRED: RefusalCode.INVITATION_EXPIRED,
}
