"""How often something guarded may be tried, counted in the database for all processes together (T33)."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, func, literal
from sqlalchemy.dialects.postgresql import insert

from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession, WriteSessions
from models.attempts import attempts


@dataclass(frozen=True)
class Limit:
    """At most so many tries of one subject, such as `sign-in anna@example.com`, in a window of time."""

    subject: str
    most: int
    window: datetime.timedelta


async def count(sessions: WriteSessions, limit: Limit) -> None:
    """Count a try. Raises RATE_LIMITED. In a transaction of its own: a refused try counts too."""
    async with sessions.begin() as session:
        tried = await _counted(session, limit)
    if tried > limit.most:
        raise Refusal(RefusalCode.RATE_LIMITED)


async def _counted(session: WriteSession, limit: Limit) -> int:
    """How often it was tried in the window, this time included."""
    seconds = limit.window.total_seconds()
    window_start = func.to_timestamp(func.floor(func.extract("epoch", func.now()) / seconds) * seconds)
    statement = insert(attempts).values(subject=limit.subject, window_start=window_start, count=1)
    counted = statement.on_conflict_do_update(
        index_elements=["subject", "window_start"], set_={"count": attempts.c.count + literal(1)}
    ).returning(attempts.c.count)
    tried: int = (await session.execute(counted)).scalar_one()
    if tried == 1:
        old = attempts.c.window_start < func.now() - 2 * limit.window
        await session.execute(delete(attempts).where(attempts.c.subject == limit.subject, old))
    return tried
