"""Writes of contacts find their rows by the right index also where PostgreSQL has never looked at the tables,
as in a first import: then it takes every account for a small one."""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, cast

import pytest
from sqlalchemy import Executable, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.writes.sessions import WriteSession
from models.base.columns import DATA_ROLE
from resolvers.contacts.given import ReadContact
from resolvers.contacts.storing.matching import Key, Match, StoredContact, Wanted
from resolvers.contacts.storing.memberships import change_memberships
from resolvers.contacts.storing.store import lock_named, update_contacts
from resolvers.contacts.storing.values import forget_values
from tests.database.data_parts import PARTS, PARTS_SCHEMA, nodes_of
from tests.world.contacts import KEEP_VALUES, give_contact_list
from tests.world.world import Account, World

_CONTACTS = 60_000
_NAMED = 300
_MOST_READ = 2 * _NAMED
"""Rows that a statement may read by one index. To read them all is what is feared."""

_FILL = f"""
INSERT INTO contacts (master_id, account_id, id, email, email_canonical, email_digest, attributes, source,
  version)
SELECT $1, $1, uuidv7(), n || '@b.example', n || '@b.example', '\\x00',
  jsonb_build_object('country', 'SE', 'number', n), 'a test', 1
FROM generate_series(1, {_CONTACTS}) AS n
"""
_MEMBERS = """
INSERT INTO contact_list_members (master_id, account_id, contact_list_id, contact_id, source)
SELECT master_id, account_id, $2, id, 'a test' FROM contacts WHERE master_id = $1
"""
_TABLES = "contacts", "contact_values", "contact_list_members"
_FORGET_TABLE = "SELECT pg_clear_relation_stats($1, $2)"
_FORGET_COLUMNS = """
SELECT pg_clear_attribute_stats($1, $2, attname, inherited) FROM pg_stats
WHERE schemaname = $1 AND tablename = $2
"""
_FORGET_DEPENDENCIES = """
DELETE FROM pg_statistic_ext_data USING pg_statistic_ext
WHERE stxoid = oid AND stxrelid = CAST($1 AS regclass)
"""


@dataclasses.dataclass(frozen=True)
class _Large:
    """An account that PostgreSQL knows nothing of, and a list of all its contacts."""

    account: Account
    list_key: Any

    @property
    def master_id(self) -> Any:
        return self.account.master

    @property
    def account_id(self) -> Any:
        return self.account.key


@pytest.fixture(scope="module")
async def large(database: AsyncEngine) -> _Large:
    world = World(database)
    account = await world.account()
    found = _Large(account, await give_contact_list(world, account, "All"))
    async with database.begin() as connection:
        await connection.exec_driver_sql(_FILL, (account.key,))
        await connection.execute(KEEP_VALUES)
        await connection.exec_driver_sql(_MEMBERS, (account.key, found.list_key))
    return found


async def _forget_statistics(connection: AsyncConnection) -> None:
    for table in _TABLES:
        parts = [("public", table), *((PARTS_SCHEMA, f"{table}_{part}") for part in range(PARTS))]
        for place in parts:
            await connection.exec_driver_sql(_FORGET_TABLE, place)
            await connection.exec_driver_sql(_FORGET_COLUMNS, place)
        await connection.exec_driver_sql(_FORGET_DEPENDENCIES, (table,))


@dataclasses.dataclass(frozen=True)
class _Explained:
    """Runs statements as a session does, and notes how many rows each read by an index."""

    connection: AsyncConnection
    read: list[Counter[str]] = dataclasses.field(default_factory=list)

    async def execute(self, statement: Executable) -> Any:
        compiled = cast("Any", statement).compile(dialect=self.connection.dialect)
        return await self._run(str(compiled), [compiled.params[name] for name in compiled.positiontup])

    async def send_built(self, statement: Executable) -> None:
        await self.execute(statement)

    async def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return list((await self._run(sql, values)).all())

    async def send(self, sql: str, values: Sequence[Any]) -> None:
        await self._run(sql, values)

    async def _run(self, sql: str, values: Sequence[Any]) -> Any:
        tried = await self.connection.begin_nested()
        explained = await self.connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", tuple(values)
        )
        plan = explained.scalar_one()[0]["Plan"]
        await tried.rollback()
        self.read.append(_rows_read(plan))
        return await self.connection.exec_driver_sql(sql, tuple(values))


def _rows_read(plan: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for step in nodes_of(plan):
        if "Relation Name" in step or "Index Name" in step:
            removed = sum(many for name, many in step.items() if name.startswith("Rows Removed by"))
            place = step.get("Index Name") or step["Relation Name"]
            found[place] += int((step["Actual Rows"] + removed) * step["Actual Loops"])
    return found


@pytest.fixture
async def session(database: AsyncEngine, large: _Large) -> AsyncIterator[_Explained]:
    """Behind the wall, in a transaction that is undone, also with what PostgreSQL forgot."""
    async with database.connect() as connection:
        await _forget_statistics(connection)
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        await connection.execute(select(func.mandant_enter_tree(large.account.master)))
        yield _Explained(connection)


_NOTHING_NEW = ReadContact(
    external_id=None,
    email=None,
    phone=None,
    attributes={},
    add_to_lists=frozenset(),
    remove_from_lists=frozenset(),
)
_KEYS = [Key("email", f"{number * 100}@b.example") for number in range(1, _NAMED + 1)]


async def _changed(session: WriteSession, large: _Large, stored: list[StoredContact]) -> None:
    """All of them lose an attribute, and get another value of one."""
    new = [dataclasses.replace(each, attributes={"country": "NO"}) for each in stored]
    wanted = Wanted(0, _NOTHING_NEW)
    await update_contacts(session, large, [Match(wanted, *both) for both in zip(stored, new, strict=True)])


async def _forgotten(session: WriteSession, large: _Large, stored: list[StoredContact]) -> None:
    for each in stored[:5]:
        await forget_values(session, large, each)


async def _removed(session: WriteSession, large: _Large, stored: list[StoredContact]) -> None:
    read = dataclasses.replace(_NOTHING_NEW, remove_from_lists=frozenset([large.list_key]))
    await change_memberships(session, large, [(each.id, read) for each in stored], "a test")


@pytest.mark.parametrize("write", [_changed, _forgotten, _removed], ids=lambda write: write.__name__)
async def test_a_write_reads_what_it_changes(
    large: _Large,
    session: _Explained,
    write: Callable[[WriteSession, _Large, list[StoredContact]], Awaitable[None]],
) -> None:
    """Contacts are locked by their keys, and then changed."""
    as_session = cast("WriteSession", session)
    stored = await lock_named(as_session, large, _KEYS)
    assert len(stored) == _NAMED
    await write(as_session, large, stored)
    assert len(session.read) > 1
    assert all(many <= _MOST_READ for read in session.read for many in read.values()), session.read
