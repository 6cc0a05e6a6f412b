"""Events that were stored before they were divided by months stay with their messages."""

import uuid
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from server.database.connections import connect_as_owner
from server.database.migrate import alembic_config, migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from tests.database.database import drop, named

MONTH = """
DO $$
DECLARE
  month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
  first_ids text[] := ARRAY(
    SELECT rpad(lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0'), 32, '0')
    FROM unnest(ARRAY[month, month + interval '1 month']) AS at);
BEGIN
  EXECUTE format('CREATE TABLE months.%I PARTITION OF messages FOR VALUES FROM (%L) TO (%L)',
    'messages_' || to_char(month, 'YYYY_MM'), first_ids[1], first_ids[2]);
END
$$
"""
"""The month of today, for messages."""

_EVENT = """
INSERT INTO message_events (master_id, account_id, id, message_id, kind, happened_at, is_first)
VALUES (:tree, :tree, :id, :message, 'OPEN', now(), true)
"""


@pytest.fixture
async def before(addresses: DatabaseAddresses) -> AsyncIterator[tuple[str, AsyncEngine]]:
    """A database as it was; its address."""
    name = f"before_{uuid4().hex}"
    server = connect_as_owner(addresses.owner)
    async with server.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(text(f"CREATE DATABASE {name}"))
    await server.dispose()
    url = named(addresses.owner, name)
    engine = connect_as_owner(url)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
        await connection.execute(text(MONTH))
    yield url, engine
    await engine.dispose()
    await drop(addresses.owner, name)


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "0059")


async def test_events_stay_with_their_messages(before: tuple[str, AsyncEngine]) -> None:
    """Those of messages whose month is gone go as well."""
    url, engine = before
    kept = new_id()
    long_ago = uuid.UUID(int=kept.int - (400 * 86_400_000 << 80))
    async with engine.begin() as connection:
        for message in (kept, long_ago):
            values = {"tree": new_id(), "id": new_id(), "message": message}
            await connection.execute(text(_EVENT), values)
    await migrate(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(why_not_current) is None
        found = await connection.execute(text("SELECT message_id, key, is_first FROM message_events"))
        assert [tuple(row) for row in found] == [(kept, None, True)]
