"""Waiting for the log. A transaction of anybody on the same PostgreSQL, even in the database of another test,
holds up those who follow it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.waiting import until

_HELD_UP = text("""
  SELECT EXISTS (
    SELECT FROM events WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
      + coalesce((SELECT ahead FROM log_numbering), 0)
  )
""")


async def until_settled(database: AsyncEngine) -> None:
    """Wait until those who follow the log may read all events that there are."""

    async def is_settled() -> bool:
        async with database.connect() as connection:
            return not (await connection.execute(_HELD_UP)).scalar_one()

    await until(is_settled)
