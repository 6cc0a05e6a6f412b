"""Accepting a share, by the person it was offered to, and leaving it (R32-R34, T11-T14)."""

from typing import Any

from sqlalchemy import Row, and_, func, select

from authz.callers.principals import ANONYMOUS, Principal
from authz.callers.tokens import Digest, TokenKind, digest
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_tree
from authz.offers.acceptance import check_not_lapsed
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.notes import TransactionNotes
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, ShareId
from models.people.users import users
from models.shares.tables import shares
from resolvers.effects.event_types import EventType
from resolvers.people.mailbox import check_verified
from resolvers.sessions.ends import limit_sessions_of
from resolvers.shares.create import ShareMade
from resolvers.shares.reads import ShareStatus, lapse_of, status_of
from resolvers.shares.store import ShareRow, log_share, opened_by, write_share


async def accept_share(session: WriteSession, principal: Principal, token: str) -> ShareMade:
    """Accept a share. The person's other rights stay as they are (T12).

    Only the signed-in person with the offered and verified address may. Raises NotFound for an unknown link,
    and Refusal with PERSON_REQUIRED, WRONG_PERSON, ADDRESS_NOT_VERIFIED, SHARE_EXPIRED, SHARE_USED,
    SHARE_REVOKED (also where the giver has lost the right), ACCOUNT_SUSPENDED, ACCOUNT_CLOSED.
    """
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    token_digest = digest(token, TokenKind.SHARE)
    if token_digest is None:
        raise NotFound("token")
    # Until it is accepted, the link alone leads the person into the tree.
    await enter(session, principal.credentials._replace(link=token_digest))
    offered = await share_behind(session, token_digest)
    opened = await lock_opened(session, offered)
    row = await share_behind(session, token_digest)
    address = select(users.c.email_canonical).where(users.c.id == principal.user_id)
    if (await session.execute(address)).scalar_one() != row.email_canonical:
        raise Refusal(RefusalCode.WRONG_PERSON)
    await check_verified(session, principal.user_id)
    check_unanswered(row)
    check_not_lapsed(row.lapse, RefusalCode.SHARE_EXPIRED, RefusalCode.SHARE_REVOKED)
    await write_share(session, row, {"user_id": principal.user_id, "accepted_at": func.now()})
    await limit_sessions_of(session, principal.user_id)
    share_id = ShareId(row.id)
    await log_share(
        session, principal, opened, EventType.SHARE_ACCEPTED, share_id, None, {"email": row.email}
    )
    return ShareMade(share_id)


async def check_share_for(session: WriteSession, email_canonical: str, token: str) -> None:
    """Check that the holder of this secret has the mailbox that an open share was offered to. Raises what
    `accept_share` raises for the link and for another address."""
    token_digest = digest(token, TokenKind.SHARE)
    if token_digest is None:
        raise NotFound("shareToken")
    await enter(session, ANONYMOUS._replace(link=token_digest))
    offered = await share_behind(session, token_digest)
    if email_canonical != offered.email_canonical:
        raise Refusal(RefusalCode.WRONG_PERSON)
    check_unanswered(offered)


async def leave_share(session: WriteSession, principal: Principal, share_id: ShareId) -> ShareMade:
    """Give up what was shared with the caller. Raises NotFound where nothing was, PERSON_REQUIRED."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    own = and_(shares.c.id == share_id, shares.c.user_id == principal.user_id, shares.c.revoked_at.is_(None))
    row = (await session.execute(select(shares).where(own))).one_or_none()
    if row is None:
        raise NotFound
    opened = await lock_opened(session, row)
    row = (await session.execute(select(shares).where(own))).one_or_none()
    if row is None:
        raise NotFound
    await write_share(session, row, {"revoked_at": func.now()})
    await log_share(session, principal, opened, EventType.SHARE_LEFT, share_id, {"email": row.email}, None)
    return ShareMade(share_id)


async def share_behind(session: WriteSession, token_digest: Digest) -> ShareRow:
    """The link's share, with its `status` and `lapse`. Raises NotFound."""
    known = status_of(shares).label("status"), lapse_of(shares).label("lapse")
    statement = select(shares, *known).where(shares.c.digest == token_digest)
    row: Row[*tuple[Any, ...]] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("token")
    return row


async def lock_opened(session: WriteSession, row: ShareRow) -> list[Authorized]:
    """The accounts that it opens. Their tree is locked."""
    master_id = MasterId(row.master_id)
    await lock_tree(session, master_id)
    ids = await opened_by(session, ShareId(row.id))
    session.notes(TransactionNotes).touched.update(ids)
    return [Authorized(master_id, id_, 0, 0, id_) for id_ in ids]


def check_unanswered(row: ShareRow) -> None:
    """Raise SHARE_USED, SHARE_REVOKED or SHARE_EXPIRED for a share that is no longer open."""
    if row.user_id is not None:
        raise Refusal(RefusalCode.SHARE_USED)
    code = _REFUSALS.get(ShareStatus(row.status))
    if code is not None:
        raise Refusal(code)


_REFUSALS = {
    ShareStatus.REVOKED: RefusalCode.SHARE_REVOKED,
    ShareStatus.DECLINED: RefusalCode.SHARE_REVOKED,
    ShareStatus.EXPIRED: RefusalCode.SHARE_EXPIRED,
}
