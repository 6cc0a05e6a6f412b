"""Declining an invitation or a share: whoever holds the link may, as the mail came to that mailbox.

It only takes away, so that neither a session nor a status is asked for.
"""

from sqlalchemy import func, update

from authz.callers.actors import PLATFORM
from authz.callers.principals import ANONYMOUS
from authz.callers.tokens import Digest, TokenKind, digest
from authz.guards.exclusive import without_rights
from authz.guards.locks import lock_path
from authz.policy.refusals import NotFound
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, InvitationId, Kind, MasterId, ShareId, present
from models.invitations.tables import invitations
from resolvers.effects.log import EventKind, record
from resolvers.invitations import accept as invitation_acceptance
from resolvers.shares import accept as share_acceptance
from resolvers.shares.store import log_share, write_share


async def decline_invitation(session: WriteSession, token: str) -> None:
    """Answer an invitation with no. Raises NotFound for an unknown link, INVITATION_USED, INVITATION_REVOKED
    and INVITATION_EXPIRED."""
    link = await _enter_by_link(session, token, TokenKind.INVITATION)
    found = await invitation_acceptance.invitation_behind(session, link)
    key = AccountKey(MasterId(found.master_id), AccountId(found.account_id))
    await lock_path(session, key.master_id, key.account_id)
    invitation = await invitation_acceptance.invitation_behind(session, link)
    invitation_acceptance.check_unanswered(invitation)
    this = (invitations.c.master_id == key.master_id) & (invitations.c.id == invitation.id)
    await session.execute(update(invitations).where(this).values(revoked_at=func.now(), declined=True))
    subject_id = present(Kind.INVITATION, InvitationId(invitation.id))
    account, before = without_rights(key), {"email": invitation.email}
    await record(session, PLATFORM, account, EventKind.INVITATION_DECLINED, subject_id, dict(before), None)


async def decline_share(session: WriteSession, token: str) -> None:
    """The same for a share. Raises NotFound, SHARE_USED, SHARE_REVOKED and SHARE_EXPIRED."""
    link = await _enter_by_link(session, token, TokenKind.SHARE)
    opened = await share_acceptance.lock_opened(session, await share_acceptance.share_behind(session, link))
    share = await share_acceptance.share_behind(session, link)
    share_acceptance.check_unanswered(share)
    await write_share(session, share, {"revoked_at": func.now(), "declined": True})
    before = {"email": share.email}
    await log_share(
        session, PLATFORM, opened, EventKind.SHARE_DECLINED, ShareId(share.id), dict(before), None
    )


async def _enter_by_link(session: WriteSession, token: str, kind: TokenKind) -> Digest:
    link = digest(token, kind)
    if link is None:
        raise NotFound("token")
    await enter(session, ANONYMOUS._replace(link=link))
    return link
