"""What was written before names had one form: put into it, and nothing of it lost."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.text.forms import compared, looks, search_key, sort_key
from models.base.ids import new_id
from server.database.connections import connect_as_owner
from server.database.migrate import alembic_config, migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from tests.database.database import drop, named

_ROWS = """
INSERT INTO accounts (master_id, id, name) VALUES (:tree, :tree, 'Cafe\u0301');
INSERT INTO accounts (master_id, id, parent_id, name, external_id) VALUES
  (:tree, :one, :tree, 'One', 'e\u0301'), (:tree, :two, :tree, 'Two', '\u00e9'),
  (:tree, :three, :tree, 'Three', 'u\u0308');
INSERT INTO users (id, name, email, email_canonical, password_hash) VALUES (:one, 'E\u0301va', 'e', 'e', '-');
INSERT INTO roles (id, master_id, account_id, name, member_mask, ancestor_mask, inherited_mask, deleted_at)
  VALUES
  (:one, :tree, :tree, '\u00c9diteur', 0, 0, 0, NULL), (:two, :tree, :tree, 'E\u0301diteur', 0, 0, 0, NULL),
  (:three, :tree, :tree, '\u00e9diteur ', 0, 0, 0, now());
INSERT INTO send_cycles (master_id, account_id, id, starts_at, ends_at)
  VALUES (:tree, :tree, :one, '2026-01-01Z', '2026-02-01Z');
INSERT INTO send_labels (master_id, account_id, cycle_id, label) VALUES
  (:tree, :tree, :one, 'Spring'), (:tree, :tree, :one, 'SPRING')
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
    yield url, engine
    await engine.dispose()
    await drop(addresses.owner, name)


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "0019")


async def test_what_was_stored_is_put_into_one_form(before: tuple[str, AsyncEngine]) -> None:
    url, engine = before
    place = {name: new_id() for name in ("tree", "one", "two", "three")}

    async def rows(statement: str) -> list[tuple[Any, ...]]:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async with engine.begin() as connection:
        for statement in _ROWS.split(";"):
            await connection.execute(text(statement), place)
    await migrate(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(why_not_current) is None
    names = {"Café", "One", "Two", "Three"}
    assert await rows("SELECT name, sort_key, search_key FROM accounts ORDER BY name") == [
        (name, sort_key(name), search_key(name)) for name in sorted(names)
    ]
    # Of two that are one from now on, each keeps its own.
    ids = await rows("SELECT name, external_id FROM accounts WHERE parent_id IS NOT NULL ORDER BY name")
    assert ids == [("One", "e\u0301"), ("Three", "ü"), ("Two", "é")]
    assert await rows("SELECT name, sort_key, search_key FROM users") == [
        ("Éva", sort_key("Éva"), search_key("Éva"))
    ]
    roles = await rows(
        "SELECT name, sort_key, compared_name, looks FROM roles WHERE account_id IS NOT NULL ORDER BY name"
    )
    assert {name for name, *_ in roles} == {"Éditeur", "Éditeur (2)", "éditeur "}
    for name, *forms in roles:
        assert forms == [sort_key(name), compared(name), looks(name)]
    assert await rows("SELECT label, compared_label FROM send_labels ORDER BY label") == [
        (label, "spring") for label in ("SPRING", "Spring")
    ]
