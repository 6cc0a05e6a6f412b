"""Tables that are divided by months: workers make the coming months, and drop old ones."""

from sqlalchemy import Text, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions


async def keep_months(database: AsyncEngine, kept: int) -> None:
    """`kept`: how many whole months are kept besides the present one.

    Each table by itself, in their order: where one is busy, those behind it wait for the next minute too.
    """
    sessions = WriteSessions(database)
    async with sessions.begin() as session:
        await session.execute(select(func.mandant_make_months()))
        named = func.mandant_tables_by_month(type_=Text).column_valued("divided")
        tables = (await session.execute(select(named))).scalars().all()
    for table in tables:
        async with sessions.begin() as session:
            await session.execute(select(func.mandant_drop_months(table, kept)))
