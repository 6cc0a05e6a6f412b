"""The migrations make exactly what `models/` describes, also when two processes migrate at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import SchemaItem

from models import metadata
from server.commands.database import migrate_now
from server.database.connections import connect_as_owner
from server.database.migrate import migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from tests.database.data_parts import PARTS_SCHEMA
from tests.database.database import clone, drop, named
from tests.waiting import until

_PATIENCE = 60.0
"""Seconds; for ever is what it takes where it waits."""


def _is_described(found: SchemaItem, *_: object) -> bool:
    """Whether it is not what PostgreSQL adds to a foreign key where the other table is in parts."""
    references = found.elements if isinstance(found, ForeignKeyConstraint) else []
    schemas = (f"{PARTS_SCHEMA}.", "months.")
    return not any(each.target_fullname.startswith(schemas) for each in references)


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "include_object": _is_described}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_the_migrations_make_the_models(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_difference_would_be_seen(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("ALTER TABLE users ALTER COLUMN name DROP NOT NULL"))
        await connection.execute(text("CREATE INDEX more ON users (name)"))
        assert len(await connection.run_sync(_differences)) == 2
        await connection.rollback()


async def test_two_migrate_an_empty_database_at_once(addresses: DatabaseAddresses) -> None:
    name = f"empty_{uuid4().hex}"
    server = connect_as_owner(addresses.owner)
    async with server.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f"CREATE DATABASE {name}"))
    await server.dispose()
    url = named(addresses.owner, name)
    try:
        await asyncio.gather(migrate(url), migrate(url))
        engine = connect_as_owner(url)
        async with engine.connect() as connection:
            assert await connection.run_sync(why_not_current) is None
            assert await connection.run_sync(_differences) == []
        await engine.dispose()
    finally:
        await drop(addresses.owner, name)


async def test_where_nothing_is_due_nobody_is_waited_for(
    addresses: DatabaseAddresses, database: AsyncEngine
) -> None:
    """Another process, at work on the same database, may hold any table that it reads or writes."""
    async with database.begin() as busy:
        for table in ("accounts", "events", "contacts"):
            await busy.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
        async with asyncio.timeout(_PATIENCE):
            await migrate(addresses.owner)


@pytest.fixture
async def own(addresses: DatabaseAddresses) -> AsyncIterator[str]:
    """The address of a database of the test's own."""
    name = await clone(addresses.owner)
    yield named(addresses.owner, name)
    await drop(addresses.owner, name)


async def test_what_is_as_it_should_be_is_not_locked(own: str) -> None:
    """Servers go on with all tables but the one that a migration changes."""
    database = connect_as_owner(own)
    async with database.begin() as connection:
        await connection.execute(text("DROP POLICY own_trees ON webhooks"))
    async with database.begin() as busy:
        for table in metadata.sorted_tables:
            if table.name != "webhooks":
                await busy.execute(text(f"LOCK TABLE {table.fullname} IN ACCESS SHARE MODE"))
        async with asyncio.timeout(_PATIENCE):
            await migrate(own)
    await _is_current(database)
    await database.dispose()


async def test_one_that_a_server_at_work_deadlocks_with_begins_anew(own: str) -> None:
    async with _deadlocking(own) as (database, busy, migrating):
        assert not migrating.done()
        await busy.commit()
        await migrating
        await _is_current(database)


async def test_one_that_never_gets_through_says_so(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.database.migrate._TRIES", 1)
    async with _deadlocking(own) as (_, busy, migrating):
        with pytest.raises(CommandFailed, match=r"^Nothing was migrated: .* stop the servers"):
            await migrating
        await busy.commit()


@asynccontextmanager
async def _deadlocking(own: str) -> AsyncIterator[tuple[AsyncEngine, AsyncConnection, asyncio.Task[None]]]:
    """A migration waits for a table that another transaction has locked, which waits for one that it has
    locked. The transaction has got what it waited for."""
    database = connect_as_owner(own)
    async with database.begin() as connection:
        for table in ("accounts", "events", "webhooks"):
            await connection.execute(text(f"DROP POLICY own_trees ON {table}"))
    async with database.connect() as busy, database.connect() as busy_before:
        for connection, table in ((busy, "webhooks"), (busy_before, "events")):
            # The other side is the one that PostgreSQL ends.
            await connection.execute(text("SET deadlock_timeout = '1h'"))
            await connection.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
        migrating = asyncio.create_task(asyncio.to_thread(migrate_now, own))
        await _until_somebody_waits_for(database, "events")
        locking = asyncio.create_task(busy.execute(text("LOCK TABLE accounts IN ROW EXCLUSIVE MODE")))
        await _until_somebody_waits_for(database, "accounts")
        await busy_before.commit()
        async with asyncio.timeout(_PATIENCE):
            await locking
            yield database, busy, migrating
    await database.dispose()


async def _is_current(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert await connection.run_sync(why_not_current) is None


async def _until_somebody_waits_for(database: AsyncEngine, table: str) -> None:
    waiting = text("SELECT exists(SELECT FROM pg_locks WHERE relation = to_regclass(:table) AND NOT granted)")

    async def is_so() -> bool:
        async with database.connect() as connection:
            return bool((await connection.execute(waiting, {"table": table})).scalar_one())

    await until(is_so)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE roles SET member_mask = member_mask + 1 WHERE name = 'ANALYST'",
        "DELETE FROM alembic_version",
        "DROP FUNCTION api_key_stops(uuid)",
        "DROP FUNCTION mandant_enter(bytea, text, bytea)",
        "DROP FUNCTION mandant_enqueue(text, uuid, uuid, timestamptz)",
        "DROP FUNCTION mandant_enqueue_due(integer, text[])",
        "DROP POLICY own_trees ON events",
        "ALTER TABLE accounts DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY own_trees ON memberships USING (true)",
        "CREATE POLICY more ON memberships TO mandant_application USING (true)",
        "ALTER ROLE mandant_application BYPASSRLS",
        "ALTER ROLE mandant_data BYPASSRLS",
        "DROP FUNCTION mandant_enter_tree(uuid)",
        "DROP POLICY entered_tree ON contacts",
        "ALTER TABLE contact_lists NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY entered_tree ON contact_attributes USING (true)",
        "CREATE OR REPLACE FUNCTION api_key_stops(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    ],
)
async def test_what_is_not_current_is_told(database: AsyncEngine, change: str) -> None:
    async with database.connect() as connection:
        assert await connection.run_sync(why_not_current) is None
        await connection.execute(text(change))
        assert "mandant migrate" in (await connection.run_sync(why_not_current) or "")
        await connection.rollback()
