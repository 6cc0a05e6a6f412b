"""Rows that were kept long enough, and events that are to be sealed."""

from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSession, WriteSessions
from resolvers.effects.retention import Retention, retentions
from server.jobs.work import Work, attempt, in_batches

MOST_BATCHES = 100
"""Deleted of one table in a minute; the rest is for the next one."""


async def delete_old(database: AsyncEngine) -> None:
    """Delete rows that were kept long enough, table by table, each batch in a transaction of its own."""
    for retention in retentions():
        await attempt(f"delete_old_{retention.name}", partial(_delete_old, retention), database)


async def _delete_old(retention: Retention, database: AsyncEngine) -> None:
    sessions = WriteSessions(database)
    for _ in range(MOST_BATCHES):
        async with sessions.begin() as session:
            if not await retention.delete_batch(session):
                return


async def seal_events(database: AsyncEngine) -> None:
    """Seal what has come into the log."""
    await in_batches(WriteSessions(database), _seal_batch)


async def _seal_batch(session: WriteSession) -> bool:
    return bool((await session.execute(select(func.mandant_seal_events()))).scalar_one())


WORK = Work(every_minute={"delete_old": delete_old, "seal_events": seal_events})
