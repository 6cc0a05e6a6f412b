"""What the pool's statements take of the database's memory, as PostgreSQL tells it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import orjson
import pytest
from graphql import parse

from authz.callers.principals import PrincipalKind
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from authz.wall.tree_door import gates
from engine.compiled.query_plans import Asked, QueryPlans, WholeQuery
from engine.database.backend_memory import MOST
from engine.database.pool import Pool
from engine.database.read_connection import ReadConnection
from server.embedded_postgres import DatabaseAddresses
from tests.by_day import by_night_alone
from tests.client.schema import STRAWBERRY
from tests.equality.drawn.answers import credentials_of
from tests.world.world import World

_PID = "SELECT convert_to(pg_backend_pid()::text, 'UTF8')"
_MEMORY = "SELECT convert_to(sum(total_bytes)::text, 'UTF8') FROM pg_backend_memory_contexts"
_PREPARED = """SELECT convert_to(
  coalesce(json_agg(json_build_object('sql', statement, 'name', name)), '[]')::text, 'UTF8'
) FROM pg_prepared_statements"""
_WIDE = "{ viewer { accounts(first: 20) { nodes { id name parent { name } } totalCount } } }"


@pytest.fixture
async def pool(request: pytest.FixtureRequest, addresses: DatabaseAddresses) -> AsyncIterator[Pool]:
    """Of the owner, whom PostgreSQL tells what its processes take; of one connection, or as many as asked."""

    async def connect() -> ReadConnection:
        connection: ReadConnection = await asyncpg.connect(
            addresses.owner,
            connection_class=ReadConnection,
            server_settings={"plan_cache_mode": "force_generic_plan"},
        )
        return connection

    found = Pool(connect, getattr(request, "param", 1))
    yield found
    await found.close()


def _statement(number: int, length: int) -> str:
    return f"SELECT convert_to('{number}' || pg_backend_pid(), 'UTF8') --{'x' * length}"


async def _prepared(pool: Pool) -> dict[str, str]:
    """The statements that are prepared on the only connection, and their names."""
    found = orjson.loads(await pool.value(_PREPARED, []) or b"")
    return {row["sql"]: row["name"] for row in found if row["sql"] != _PREPARED}


async def test_a_statement_is_prepared_when_it_comes_again(pool: Pool) -> None:
    once, again = _statement(1, 0), _statement(2, 0)
    for sql in (once, again, again):
        assert await pool.value(sql, [])
    prepared = await _prepared(pool)
    assert again in prepared
    assert prepared.get(once, "") == "", "PostgreSQL's unnamed statement, which makes way for the next"


@by_night_alone
async def test_2_000_different_queries_take_no_more_than_is_allowed(pool: Pool, world: World) -> None:
    """Half of them come once, half come twice."""
    person = await world.person("owner@memory.example")
    plan, _ = QueryPlans(STRAWBERRY, gates(entering())).find(
        Asked(_WIDE, parse(_WIDE), None, {}), WholeQuery(PRINCIPAL, PrincipalKind.PERSON)
    )
    values = plan.values({}, credentials_of(person).binds)
    for number in range(2_000):
        sql = plan.statement.sql.replace('"name":', f'"name{number}":')
        for _ in range(1 + number % 2):
            answer = orjson.loads(await pool.value(sql, values) or b"")
            assert answer == {"viewer": {"accounts": {"nodes": [], "totalCount": 0}}}
    taken = int(await pool.value(_MEMORY, []) or b"")
    assert taken < MOST
    assert 0 < sum(map(len, await _prepared(pool))) < MOST / 75


async def test_what_was_used_last_stays_prepared(pool: Pool) -> None:
    hot = _statement(0, 1_000)
    for number in range(1, 200):
        for sql in (_statement(number, 10_000), hot, _statement(number, 10_000)):
            await pool.value(sql, [])
    first = (await _prepared(pool))[hot]
    for number in range(200, 400):
        for sql in (_statement(number, 10_000), hot, _statement(number, 10_000)):
            await pool.value(sql, [])
    prepared = await _prepared(pool)
    assert prepared[hot] == first
    assert _statement(399, 10_000) in prepared
    assert _statement(300, 10_000) not in prepared


@pytest.mark.parametrize("pool", [3], indirect=True)
async def test_together_the_connections_hold_more_than_one_can(pool: Pool) -> None:
    """What one has no room for goes to another, and is asked for there."""
    statements = [_statement(number, 10_000) for number in range(50)]
    assert len(statements) * 10_000 * 100 > MOST
    for sql in statements * 2:
        await pool.value(sql, [])
    where = [await pool.value(sql, []) for sql in statements]
    assert len({answer[-5:] for answer in where if answer}) > 1
    assert [await pool.value(sql, []) for sql in statements] == where
    assert sum(len(connection.prepared) for connection in pool._free) == len(statements)


async def test_a_process_that_has_planned_long_statements_is_replaced(pool: Pool) -> None:
    first = await pool.value(_PID, [])
    await pool.value(_statement(1, 100_000), [])
    assert await pool.value(_PID, []) == first, "one of them leaves little behind"
    assert await pool.value(_statement(2, 100_000), [])
    second = await pool.value(_PID, [])
    assert second != first
    await pool.value(_statement(3, 100_000), [])
    answers = await asyncio.gather(*[pool.value(_PID, []) for _ in range(5)])
    assert set(answers) == {second}
