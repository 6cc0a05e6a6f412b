"""The migrations make exactly what `models/` describes, also when two processes migrate at once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem

from models import metadata
from server.database.connections import connect_as_owner
from server.database.migrate import migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from tests.database.data_parts import PARTS_SCHEMA
from tests.database.database import drop, named

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
