"""The rows of break-glass openings: written and logged."""

import datetime
import uuid

from sqlalchemy import ColumnElement, and_, func, insert, select, true, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.reach.break_glass import opening_holds
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import BreakGlassId, Kind, UserId, new_id, present
from models.parent_access.openings import break_glass_openings
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record


async def add_opening(
    session: WriteSession, principal: Principal, account: Authorized, user_id: UserId, reason: str, hours: int
) -> tuple[BreakGlassId, datetime.datetime]:
    """Write the opening and its event. Returns its id and its end."""
    opening_id = BreakGlassId(new_id())
    written = (
        insert(break_glass_openings)
        .values(
            **columns_of(account),
            id=opening_id,
            user_id=user_id,
            reason=reason,
            expires_at=func.now() + datetime.timedelta(hours=hours),
        )
        .returning(break_glass_openings.c.expires_at)
    )
    expires_at: datetime.datetime = (await session.execute(written)).scalar_one()
    subject_id, after = present(Kind.BREAK_GLASS, opening_id), {"expires_at": expires_at.isoformat()}
    kind = EventType.BREAK_GLASS_OPENED
    await record(session, principal, account, kind, subject_id, None, {**after}, reason)
    return opening_id, expires_at


async def end_openings(
    session: WriteSession, principal: Principal, account: Authorized, which: ColumnElement[bool] | None = None
) -> None:
    """End the account's openings that hold: all of them, or those that meet the condition."""
    open_here = and_(
        in_account(break_glass_openings, account),
        opening_holds(break_glass_openings),
        true() if which is None else which,
    )
    ended = (
        update(break_glass_openings)
        .where(open_here)
        .values(ended_at=func.now())
        .returning(break_glass_openings.c.id)
    )
    for opening_id in sorted((await session.execute(ended)).scalars()):
        subject_id = present(Kind.BREAK_GLASS, opening_id)
        await record(session, principal, account, EventType.BREAK_GLASS_ENDED, subject_id)


async def opener_of(session: WriteSession, account: Authorized, opening_id: BreakGlassId) -> uuid.UUID:
    """The person who opened it. The account is locked."""
    statement = select(break_glass_openings.c.user_id).where(
        row_of(break_glass_openings, account, opening_id)
    )
    found: uuid.UUID = (await session.execute(statement)).scalar_one()
    return found
