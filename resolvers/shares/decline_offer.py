"""Declining an invitation or a share. The holder of the link may, because the mail reached that mailbox; an
invitation also the signed-in person who has proved the address.

Declining only takes away, so that it needs neither a session nor an active account.
"""

from sqlalchemy import func, update

from authz.callers.actors import PLATFORM
from authz.callers.principals import ANONYMOUS, Credentials
from authz.callers.tokens import TokenKind, digest
from authz.guards.exclusive import without_rights
from authz.guards.locks import lock_path
from authz.policy.refusals import NotFound
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, InvitationId, Kind, MasterId, ShareId, present
from models.invitations.tables import invitations
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.invitations import accept as invitation_acceptance
from resolvers.invitations.received import NamedInvitation, link_of
from resolvers.shares import accept as share_acceptance
from resolvers.shares.store import log_share, write_share


async def decline_invitation(session: WriteSession, credentials: Credentials, named: NamedInvitation) -> None:
    """Decline an invitation. Raises what `link_of` raises, INVITATION_USED, INVITATION_REVOKED,
    INVITATION_EXPIRED."""
    link = await link_of(session, credentials, named)
    await enter(session, ANONYMOUS._replace(link=link))
    found = await invitation_acceptance.invitation_behind(session, link)
    key = AccountKey(MasterId(found.master_id), AccountId(found.account_id))
    await lock_path(session, key.master_id, key.account_id)
    invitation = await invitation_acceptance.invitation_behind(session, link)
    invitation_acceptance.check_unanswered(invitation)
    this = (invitations.c.master_id == key.master_id) & (invitations.c.id == invitation.id)
    await session.send_built(update(invitations).where(this).values(revoked_at=func.now(), declined=True))
    subject_id = present(Kind.INVITATION, InvitationId(invitation.id))
    account, before = without_rights(key), {"email": invitation.email}
    await record(session, PLATFORM, account, EventType.INVITATION_DECLINED, subject_id, dict(before), None)


async def decline_share(session: WriteSession, token: str) -> None:
    """Decline a share. Raises NotFound for an unknown link, SHARE_USED, SHARE_REVOKED, SHARE_EXPIRED."""
    link = digest(token, TokenKind.SHARE)
    if link is None:
        raise NotFound("token")
    await enter(session, ANONYMOUS._replace(link=link))
    opened = await share_acceptance.lock_opened(session, await share_acceptance.share_behind(session, link))
    share = await share_acceptance.share_behind(session, link)
    share_acceptance.check_unanswered(share)
    await write_share(session, share, {"revoked_at": func.now(), "declined": True})
    before = {"email": share.email}
    await log_share(
        session, PLATFORM, opened, EventType.SHARE_DECLINED, ShareId(share.id), dict(before), None
    )
