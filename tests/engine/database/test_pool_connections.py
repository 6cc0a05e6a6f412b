"""The connections of compiled reads: read only, replaced when they end, and never mixed up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.pool import Pool
from models.base.columns import APPLICATION_ROLE
from server.database.connections import read_pool
from server.embedded_postgres import DatabaseAddresses
from server.failures.errors import ErrorCode, failure_of

_SIZE = 3
_ECHO = "SELECT convert_to($1, 'UTF8') FROM pg_sleep(0.002)"
_SLEEP = "SELECT convert_to('slept', 'UTF8') FROM pg_sleep(0.4)"


@pytest.fixture
async def pool(request: pytest.FixtureRequest, addresses: DatabaseAddresses) -> AsyncIterator[Pool]:
    """Of the size that a test asks for through `sized`, else of three connections."""
    found = read_pool(addresses.application, getattr(request, "param", _SIZE))
    yield found
    await found.close()


def sized(size: int) -> pytest.MarkDecorator:
    """Give the test a pool of so many connections."""
    return pytest.mark.parametrize("pool", [size], indirect=True)


async def _echoes(pool: Pool, *texts: str) -> list[bytes | None]:
    return list(await asyncio.gather(*[pool.value(_ECHO, [text]) for text in texts]))


async def _end_connections(database: AsyncEngine) -> int:
    """End every connection of the application to this database. How many there were."""
    statement = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE usename = :role AND datname = current_database()"
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement, {"role": APPLICATION_ROLE})).scalar_one())


async def test_a_read_that_is_given_up_leaves_nothing_to_the_next(pool: Pool) -> None:
    """A client that goes away cancels its read; the next one must not get its answer."""
    for _ in range(3):
        slow = [asyncio.create_task(pool.value(_SLEEP, [])) for _ in range(_SIZE)]
        waiting = asyncio.create_task(pool.value(_ECHO, ["waiting"]))
        await asyncio.sleep(0.05)
        for task in slow:
            task.cancel()
        assert await waiting == b"waiting"
        await asyncio.gather(*slow, return_exceptions=True)
        assert await _echoes(pool, "a", "b", "c", "d") == [b"a", b"b", b"c", b"d"]


async def test_its_connections_refuse_to_write(pool: Pool) -> None:
    for statement in (
        "DELETE FROM sessions RETURNING digest",
        "INSERT INTO users DEFAULT VALUES RETURNING id",
    ):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.value(statement, [])


@sized(1)
async def test_a_statement_is_planned_once_whatever_its_values(pool: Pool) -> None:
    for _ in range(3):
        await _echoes(pool, "a", "b")
    plans = "SELECT convert_to(concat(generic_plans, ' ', custom_plans), 'UTF8') FROM pg_prepared_statements"
    assert await pool.value(f"{plans} WHERE statement = $1", [_ECHO]) == b"5 0"


async def test_a_read_is_answered_whatever_happened_to_the_connections_before(
    pool: Pool, database: AsyncEngine
) -> None:
    for _ in range(3):
        await _echoes(pool, "a", "b", "c")
        assert await _end_connections(database) >= _SIZE
        assert await _echoes(pool, "d", "e", "f", "g") == [b"d", b"e", b"f", b"g"]


@sized(10)
async def test_a_read_that_meets_its_connections_end_at_any_moment(pool: Pool, database: AsyncEngine) -> None:
    """Reads begin in every turn of the event loop while the server ends the connections: each is answered, or
    told that the database is away; none breaks on a connection that is half closed."""
    for _ in range(20):
        await asyncio.gather(*[pool.value(_ECHO, ["a"]) for _ in range(10)], return_exceptions=True)
        outcomes = await _read_while(pool, asyncio.create_task(_end_connections(database)))
        failures = [failure_of(found) for found in outcomes if isinstance(found, Exception)]
        assert {failure.code for failure in failures} <= {ErrorCode.UNAVAILABLE}, outcomes
        assert {found for found in outcomes if not isinstance(found, BaseException)} <= {b"a"}


async def _read_while(pool: Pool, ending: Awaitable[int]) -> list[bytes | BaseException | None]:
    task = asyncio.ensure_future(ending)
    reads = []
    turns_after = 0
    while turns_after < 100:
        turns_after += task.done()
        if pool._free:
            reads.append(asyncio.create_task(pool.value(_ECHO, ["a"])))
        await asyncio.sleep(0)
    await task
    return list(await asyncio.gather(*reads, return_exceptions=True))
