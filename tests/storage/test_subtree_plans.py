"""A page of what a whole tree has is read in its order: it costs the same however much the tree has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.database.read_connection import ReadConnection
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.database.data_parts import nodes_of
from tests.world.world import Account, Member, World

_ACCOUNTS = 12
_OF_EACH = 200
_ROWS = (
    "FROM unnest(CAST($2 AS uuid[])) WITH ORDINALITY AS place(account, n), "
    f"generate_series(1, {_OF_EACH}) AS m, concat_ws('-', 'many', $1::text, n, m) AS address"
)
_ROLE = BuiltinRole.ANALYST.id
_FILL = f"""
INSERT INTO users (id, name, email, email_canonical, password_hash, sort_key, search_key, initials)
SELECT gen_random_uuid(), 'Many', address, address, '-', '', 'many', 'M' {_ROWS};
INSERT INTO memberships (master_id, account_id, id, user_id, role_id)
SELECT $1::uuid, account, gen_random_uuid(), person.id, '{_ROLE}'
{_ROWS} JOIN LATERAL (SELECT id FROM users WHERE email_canonical = address) AS person ON true;
INSERT INTO invitations (master_id, account_id, id, email, email_canonical, role_id, digest, expires_at)
SELECT $1::uuid, account, gen_random_uuid(), address, address, '{_ROLE}', '\\x00',
  now() + interval '1 day' {_ROWS};
INSERT INTO api_keys (master_id, account_id, id, name, digest, last_four, role_id, scopes)
SELECT $1::uuid, account, gen_random_uuid(), 'Key', sha256(concat(account, m)::bytea), '0000',
  '{_ROLE}', 1 {_ROWS};
"""
_TABLES = ("memberships", "invitations", "api_keys")
_SIZE = 5
_MOST_READ = 10 * _SIZE


@dataclass(frozen=True)
class _Full:
    """A tree of a dozen accounts, each with hundreds of everything."""

    master: Account
    owner: Member


@pytest.fixture(scope="module")
async def full(database: AsyncEngine) -> _Full:
    world = World(database)
    master = await world.account()
    accounts = [master, *[await world.account(master) for _ in range(_ACCOUNTS - 1)]]
    async with database.begin() as connection:
        for statement in filter(str.strip, _FILL.split(";")):
            await connection.exec_driver_sql(statement, (str(master.key), [each.key for each in accounts]))
    async with database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in (*_TABLES, "users", "account_closure", "accounts"):
            await outside.exec_driver_sql(f"VACUUM (ANALYZE) {table}")
    return _Full(master, await world.member(master, BuiltinRole.OWNER))


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("members(includeDescendants: true, first: $first, after: $after)", "memberships"),
        ("invitations(includeDescendants: true, first: $first, after: $after)", "invitations"),
        ("apiKeys(includeDescendants: true, first: $first, after: $after)", "api_keys"),
    ],
)
@by_night_alone
async def test_a_page_reads_hardly_more_rows_than_it_shows(
    api: Api, application: AsyncEngine, full: _Full, field: str, table: str
) -> None:
    """The first page, and one in the middle. By night: beside the rows of other tests, PostgreSQL may take
    the tree for most of the table."""
    query = (
        "query ($id: ID!, $first: Int, $after: String) { account(id: $id) "
        f"{{ found: {field} {{ nodes {{ id }} pageInfo {{ endCursor }} }} }} }}"
    )
    middle = (await api.read(query, full.owner, id=full.master.id, first=400))["account"]["found"]["pageInfo"]
    for after in (None, middle["endCursor"]):
        with _reads() as sent:
            page = await api.read(query, full.owner, id=full.master.id, first=_SIZE, after=after)
        assert len(page["account"]["found"]["nodes"]) == _SIZE
        (statement,) = sent
        assert await _rows_read(application, table, *statement) <= _MOST_READ


@contextmanager
def _reads() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """The compiled statements of the requests inside, with their values."""
    found: list[tuple[str, tuple[Any, ...]]] = []
    row = ReadConnection.row

    async def noted(
        connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
    ) -> asyncpg.Record | None:
        found.append((sql, tuple(values)))
        return await row(connection, sql, values, keep=keep)

    with patch.object(ReadConnection, "row", noted):
        yield found


async def _rows_read(application: AsyncEngine, table: str, sql: str, values: tuple[Any, ...]) -> int:
    """How many rows of the table the statement reads, with those that are thrown away."""
    async with application.connect() as connection:
        await connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        plan = explained.scalar_one()[0]["Plan"]
    found = 0
    for step in nodes_of(plan):
        if step.get("Relation Name") == table:
            removed = sum(many for name, many in step.items() if name.startswith("Rows Removed by"))
            found += int((step["Actual Rows"] + removed) * step["Actual Loops"])
    return found
