"""What was stored before there were budgets is what it was, and knows what it has to know now."""

import datetime
from collections.abc import AsyncIterator
from typing import Any
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

_OLD_POSTING = "ledger_post(uuid, uuid, text, uuid, uuid, text, uuid[], text[], bigint[])"

_ROWS = """
INSERT INTO accounts (master_id, id, name, created_at)
  VALUES (:tree, :tree, 'Master', '2026-01-31 12:00Z');
INSERT INTO accounts (master_id, id, parent_id, name) VALUES (:tree, :child, :tree, 'Child');
INSERT INTO subscriptions (master_id, account_id, time_zone, anchored_at)
  VALUES (:tree, :child, 'Europe/Paris', '2026-01-30 23:30Z');
INSERT INTO send_cycles (master_id, account_id, id, starts_at) VALUES (:tree, :tree, :cycle0, '2026-02-28Z'),
  (:tree, :child, :cycle1, '2026-02-27 23:00Z'), (:tree, :child, :cycle2, '2026-03-30 22:00Z');
INSERT INTO send_caps (master_id, account_id, sends) VALUES (:tree, :child, 7);
INSERT INTO send_reservations (master_id, account_id, id, cycle_id, stream, status, recipients, new_contacts,
    price, payer_id, expires_at, settled_at)
  SELECT :tree, :child, gen_random_uuid(), :cycle1, 'MARKETING', made.status, 1, 0,
    made.price, :tree, now(), CASE WHEN made.status <> 'RESERVED' THEN now() END
  FROM (VALUES ('RESERVED', 3), ('COMMITTED', 4), ('VOIDED', 5), ('EXPIRED', 6), ('COMMITTED', 0))
    AS made(status, price)
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
        await connection.execute(
            text(f"CREATE FUNCTION {_OLD_POSTING} RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        )
    yield url, engine
    await engine.dispose()
    await drop(addresses.owner, name)


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "0011")


async def test_what_was_stored_stays(before: tuple[str, AsyncEngine]) -> None:
    url, engine = before
    tree, child, cycles = new_id(), new_id(), [new_id() for _ in range(3)]
    place: dict[str, Any] = {"tree": tree, "child": child}
    place |= {f"cycle{number}": cycle for number, cycle in enumerate(cycles)}
    async with engine.begin() as connection:
        for statement in _ROWS.split(";"):
            await connection.execute(text(statement), place)
    await migrate(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(why_not_current) is None
        gone = await connection.execute(
            text("SELECT to_regprocedure(:signature)"), {"signature": _OLD_POSTING}
        )
        assert gone.scalar_one() is None
        ends = await connection.execute(text("SELECT id, ends_at FROM send_cycles"))
        found = {row.id: row.ends_at for row in ends}
        assert [found[cycle] for cycle in cycles] == [
            datetime.datetime(2026, 3, 31, tzinfo=datetime.UTC),
            datetime.datetime(2026, 3, 30, 22, tzinfo=datetime.UTC),
            datetime.datetime(2026, 4, 29, 22, tzinfo=datetime.UTC),
        ]
        budgets = await connection.execute(text("SELECT account_id, currency, cap, guarantee FROM budgets"))
        assert [tuple(row) for row in budgets] == [(child, "SENDS", 7, 0)]
        counts = await connection.execute(
            text("SELECT account_id, cycle_id, payer_id, amount FROM credit_counts")
        )
        assert [tuple(row) for row in counts] == [(child, cycles[1], tree, 7)]
