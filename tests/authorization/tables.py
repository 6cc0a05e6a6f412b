"""All that is stored, to compare before and after what must leave no trace."""

from sqlalchemy import Select, Table, literal_column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base import metadata


async def stored(database: AsyncEngine) -> dict[str, list[str]]:
    """Every row of every table as text; but for when a key was last used, which is noted at any time."""
    async with database.connect() as connection:
        return {
            table.name: sorted((await connection.execute(_rows(table))).scalars())
            for table in metadata.sorted_tables
        }


def _rows(table: Table) -> Select[str]:
    row: Select[str] = select(literal_column(f"(to_jsonb({table.name}) - 'last_used_at')::text"))
    return row.select_from(table)
