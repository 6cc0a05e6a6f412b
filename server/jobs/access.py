"""Notices of access that is about to end or has ended (N9)."""

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from resolvers.access.expiry_notices import tell_batch
from server.jobs.work import Work, in_batches


async def tell_expiries(database: AsyncEngine) -> None:
    """Send all notices that are due."""
    await in_batches(WriteSessions(database), tell_batch)


WORK = Work(every_minute={"tell_expiries": tell_expiries})
