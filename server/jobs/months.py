"""Tables that are divided by months: workers make the coming months, and drop old ones."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions


async def keep_months(database: AsyncEngine, kept: int) -> None:
    """`kept`: how many whole months are kept besides the present one."""
    async with WriteSessions(database).begin() as session:
        await session.execute(select(func.mandant_make_months()))
        await session.execute(select(func.mandant_drop_months(kept)))
