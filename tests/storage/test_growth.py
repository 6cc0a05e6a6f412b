"""Every table is bounded, or kept on purpose; what is deleted by age is found by an index, oldest first."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.effects.retention import Retention, retentions
from tests.documentation.pages import DOCS, Page
from tests.storage.growth import OF_NO_AREA, Bound, Growth
from tests.world.oracles import told_by_areas

BOUNDS: dict[str, Bound] = OF_NO_AREA | told_by_areas("BOUNDS")

WORKERS = Page.of(DOCS / "operate" / "workers.md")

_TABLES = text("""
SELECT concat(nullif(schemaname, 'public') || '.', tablename) FROM pg_tables
WHERE schemaname IN ('public', 'pgq') AND tablename <> 'alembic_version'
""")
_INDEXES = text("""
SELECT pg_get_expr(indpred, indrelid) FROM pg_index JOIN pg_attribute ON attrelid = indrelid
WHERE indrelid = to_regclass(:table) AND attnum = indkey[0] AND attname = :since
""")


async def test_every_table_says_what_bounds_it(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert set((await connection.execute(_TABLES)).scalars()) == set(BOUNDS)


def test_what_is_deleted_by_age_is_what_says_so() -> None:
    deleted = {table for table, bound in BOUNDS.items() if bound.growth is Growth.DELETED}
    assert sorted(retention.table for retention in retentions()) == sorted(deleted)


@pytest.mark.parametrize("retention", retentions(), ids=lambda retention: retention.name)
async def test_the_oldest_are_found_by_an_index(retention: Retention, database: AsyncEngine) -> None:
    asked = {"table": retention.table, "since": retention.since}
    async with database.connect() as connection:
        conditions = (await connection.execute(_INDEXES, asked)).scalars().all()
    assert any((found is None) is (retention.only == "true") for found in conditions)


@pytest.mark.parametrize("retention", retentions(), ids=lambda retention: retention.name)
def test_the_manual_says_how_long(retention: Retention) -> None:
    rows = [row for row in WORKERS.table("What is kept how long") if f"`{retention.table}`" in row]
    assert len(rows) == 1
    days = retention.kept.days
    assert f"{days} {'day' if days == 1 else 'days'}" in rows[0][2]
