"""Rows that were kept long enough."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from resolvers.effects.retention import Retention, retentions
from server.jobs.work import Work, attempt

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


WORK = Work(every_minute={"delete_old": delete_old})
