"""Accepting an invitation: by the invited person, while the inviter could still invite (T11, T14)."""

from sqlalchemy import Row, and_, delete, func, insert, select, update

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
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import Kind, MembershipId, UserId, new_id, present
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.users import users
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.invitations.reads import InvitationStatus, lapse_of, status_of
from resolvers.invitations.received import NamedInvitation, link_of
from resolvers.members.change import MemberChange
from resolvers.members.ownership import take_ownership
from resolvers.people.mailbox import check_verified
from resolvers.sessions.ends import limit_sessions_of
from resolvers.staff.user_rights import limit_in_force

InvitationRow = Row[*tuple[object, ...]]


async def accept_invitation(
    session: WriteSession, principal: Principal, named: NamedInvitation
) -> MemberChange:
    """Become a member. The person's other memberships stay as they are (T12).

    Only the signed-in person with the invited and verified address may. Raises what `link_of` raises, and
    Refusal with PERSON_REQUIRED, WRONG_PERSON, ADDRESS_NOT_VERIFIED, INVITATION_EXPIRED (also where the
    membership would have ended by now), INVITATION_USED, INVITATION_REVOKED (also where the inviter has lost
    the right), ALREADY_MEMBER, ALREADY_OWNS_ACCOUNT, ACCOUNT_SUSPENDED, ACCOUNT_CLOSED.
    """
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    token_digest = await link_of(session, principal.credentials, named)
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
    """The open invitation with this secret, which proves that its holder has the invited mailbox. Raises what
    `accept_invitation` raises for the link and for another address."""
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
    await limit_sessions_of(session, principal.user_id)
    if role.id == BuiltinRole.OWNER.id:
        await take_ownership(session, account, principal.user_id)
    await session.send_built(
        update(invitations).where(row_of(invitations, account, invitation.id)).values(accepted_at=func.now())
    )
    after = {"user": present(Kind.USER, principal.user_id), "role": role.name}
    subject_id = present(Kind.MEMBER, membership_id)
    await record(session, principal, account, EventType.MEMBER_JOINED, subject_id, None, dict(after))
    return MemberChange(account, membership_id)


async def _add_membership(
    session: WriteSession,
    account: Authorized,
    user_id: UserId,
    invitation: InvitationRow,
    role: RoleGrant,
) -> MembershipId:
    own = and_(in_account(memberships, account), memberships.c.user_id == user_id)
    if (await session.execute(select(memberships.c.id).where(own, membership_holds()))).one_or_none():
        raise Refusal(RefusalCode.ALREADY_MEMBER)
    await session.send_built(delete(memberships).where(own))
    membership_id = MembershipId(new_id())
    limit = await limit_in_force(session, account.master_id, account.account_id, user_id)
    await session.send_built(
        insert(memberships).values(
            **columns_of(account),
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
    """Raise INVITATION_USED, INVITATION_REVOKED or INVITATION_EXPIRED for an invitation that is no longer
    open."""
    code = _REFUSALS.get(InvitationStatus(invitation.status))
    if code is not None:
        raise Refusal(code)


_REFUSALS = {
    InvitationStatus.ACCEPTED: RefusalCode.INVITATION_USED,
    InvitationStatus.REVOKED: RefusalCode.INVITATION_REVOKED,
    InvitationStatus.DECLINED: RefusalCode.INVITATION_REVOKED,
    InvitationStatus.EXPIRED: RefusalCode.INVITATION_EXPIRED,
}
