"""All that is stored, to compare before and after what must leave no trace."""

from sqlalchemy import Select, Table, literal_column, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base import metadata


async def stored(database: AsyncEngine) -> dict[str, str | None]:
    """A digest of all rows of each table; but for when a key was last used, which is noted at any time."""
    async with database.connect() as connection:
        return {
            table.name: (await connection.execute(_digest(table))).scalar_one()
            for table in metadata.sorted_tables
        }


def _digest(table: Table) -> Select[str | None]:
    row = f"(to_jsonb({table.name}) - 'last_used_at')::text"
    digest: Select[str | None] = select(literal_column(f"md5(string_agg({row}, ',' ORDER BY {row}))"))
    return digest.select_from(table)
