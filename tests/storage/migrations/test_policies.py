"""Which policies a migration writes: those that differ in anything, and no others."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.wall import row_security
from models.base.planes import Plane

_POLICIES = text(
    "SELECT tablename, policyname, roles, cmd, permissive, qual, with_check, relrowsecurity, "
    "relforcerowsecurity FROM pg_policies JOIN pg_class ON pg_class.oid = to_regclass(tablename) "
    "ORDER BY tablename, policyname"
)
_LOCKED = text(
    "SELECT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation AND relkind IN ('r', 'p') "
    "WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relnamespace = 'public'::regnamespace"
)


@pytest.mark.parametrize(
    "change",
    [
        "DROP POLICY own_trees ON memberships",
        "ALTER POLICY own_trees ON memberships USING (true)",
        "ALTER POLICY own_trees ON memberships WITH CHECK (true)",
        "ALTER POLICY own_trees ON memberships TO PUBLIC",
        "DROP POLICY owner ON memberships",
        "ALTER TABLE memberships NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE memberships DISABLE ROW LEVEL SECURITY",
        "DROP POLICY entered_tree ON contacts",
    ],
)
async def test_what_differs_is_written_again(database: AsyncEngine, change: str) -> None:
    async with database.connect() as connection:
        before = (await connection.execute(_POLICIES)).all()
        await connection.execute(text(change))
        assert (await connection.execute(_POLICIES)).all() != before
        await connection.run_sync(row_security.synchronize)
        assert (await connection.execute(_POLICIES)).all() == before
        await connection.rollback()


async def test_what_is_as_it_should_be_is_left_alone(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.run_sync(row_security.synchronize)
        assert (await connection.execute(_LOCKED)).scalars().all() == []
        await connection.rollback()


async def test_a_release_may_change_all(database: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = row_security._POLICIES[Plane.CONTROL]
    changed = row_security._Policy(policy.name, policy.role, f"({policy.condition}) AND true", policy.told_by)
    monkeypatch.setitem(row_security._POLICIES, Plane.CONTROL, changed)
    async with database.connect() as connection:
        await connection.run_sync(row_security.synchronize)
        locked = set((await connection.execute(_LOCKED)).scalars())
        assert locked == {table.name for table in row_security.tables_of_trees(Plane.CONTROL)}
        await connection.rollback()
