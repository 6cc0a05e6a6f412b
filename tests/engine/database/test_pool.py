"""The pool of compiled reads, with a real server: bounded waits, broken connections, nothing leaks."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.pool import Pool, PoolTimeoutError
from server.embedded_postgres import DatabaseAddresses
from tests.engine.database.pools import Server

_PID = "SELECT convert_to(pg_backend_pid()::text, 'UTF8')"
_SLOW = "SELECT convert_to(pg_sleep(0.3)::text || pg_backend_pid(), 'UTF8')"
_PATIENCE = 0.15
"""Seconds."""
_LONG = 30.0
"""Seconds; longer than any test."""

Pools = Callable[[int, float], Pool]


@pytest.fixture
def server(addresses: DatabaseAddresses, database: AsyncEngine) -> Server:
    return Server(addresses.application, database)


@pytest.fixture
async def pool_of(server: Server) -> AsyncIterator[Pools]:
    """Makes pools of a size and a patience; all are closed in the end."""
    made: list[Pool] = []

    def make(size: int, patience: float) -> Pool:
        made.append(Pool(server.connect, size, patience))
        return made[-1]

    yield make
    for pool in made:
        await pool.close()


async def _check_whole(pool: Pool, server: Server, size: int) -> None:
    """All of the pool's places can still be used at once, and no more."""
    pids = await asyncio.gather(*[pool.value(_SLOW, []) for _ in range(2 * size)])
    assert len(set(pids)) == size
    await server.settles_at(size)


async def test_the_size_is_respected(pool_of: Pools, server: Server) -> None:
    pool = pool_of(3, _LONG)
    assert await server.connections() == 0, "opened when they are needed"
    first, second = [await pool.value(_PID, []) for _ in range(2)]
    assert first == second, "one after the other takes one"
    await _check_whole(pool, server, 3)


async def test_a_wait_is_bounded(pool_of: Pools, server: Server) -> None:
    pool = pool_of(1, _PATIENCE)
    async with server.holding() as held_statement:
        held = asyncio.create_task(pool.value(held_statement, []))
        await server.at_work(1)
        with pytest.raises(PoolTimeoutError):
            await pool.value(_PID, [])
        assert not held.done()
    assert await held
    assert await pool.value(_PID, [])


async def test_who_waits_is_served_before_who_comes_later(pool_of: Pools) -> None:
    """However busy others keep the pool: a place that becomes free goes to who waits for it."""
    pool = pool_of(1, _LONG)
    enough = asyncio.Event()

    async def again_and_again() -> None:
        while not enough.is_set():
            await pool.value(_PID, [])

    others = [asyncio.create_task(again_and_again()) for _ in range(2)]
    await asyncio.sleep(0.05)
    try:
        assert await asyncio.wait_for(pool.value(_PID, []), _LONG)
    finally:
        enough.set()
        await asyncio.gather(*others)


async def test_broken_connections_are_replaced(pool_of: Pools, server: Server) -> None:
    """Also those that the server has said it ends, but has not yet closed."""
    pool = pool_of(3, _LONG)
    await _check_whole(pool, server, 3)
    for _ in range(15):
        assert await server.break_all() > 0
        assert all(await asyncio.gather(*[pool.value(_PID, []) for _ in range(6)]))
    await _check_whole(pool, server, 3)


async def test_a_read_that_dies_with_its_connection_is_sent_again(pool_of: Pools, server: Server) -> None:
    pool = pool_of(2, _LONG)
    async with server.holding() as held_statement:
        running = [asyncio.create_task(pool.value(held_statement, [])) for _ in range(2)]
        await server.at_work(2)
        assert await server.break_all() == 2
    assert all(await asyncio.gather(*running))
    await _check_whole(pool, server, 2)


async def test_a_cancelled_wait_leaks_nothing(pool_of: Pools, server: Server) -> None:
    pool = pool_of(1, _LONG)
    async with server.holding() as held_statement:
        held = asyncio.create_task(pool.value(held_statement, []))
        await server.at_work(1)
        waiting = [asyncio.create_task(pool.value(_PID, [])) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    assert await held
    assert all(await asyncio.gather(*waiting[1:]))
    assert waiting[0].cancelled()
    await _check_whole(pool, server, 1)


async def test_a_turn_that_is_cancelled_goes_to_the_next(pool_of: Pools, server: Server) -> None:
    """Cancelled between being told that there is a connection and taking it."""
    pool = pool_of(1, _LONG)

    async with server.holding() as held_statement:

        async def read_and_cancel() -> None:
            await pool.value(held_statement, [])
            waiting[0].cancel()

        reading = asyncio.create_task(read_and_cancel())
        await server.at_work(1)
        waiting = [asyncio.create_task(pool.value(_PID, [])) for _ in range(2)]
        await asyncio.sleep(0)
    await reading
    assert await asyncio.wait_for(waiting[1], _LONG)
    assert waiting[0].cancelled()
    await _check_whole(pool, server, 1)


async def test_a_cancelled_read_leaks_nothing(pool_of: Pools, server: Server) -> None:
    pool = pool_of(2, _LONG)
    for delay in (0.0, 0.001, 0.02, 0.1):
        running = [asyncio.create_task(pool.value(_SLOW, [])) for _ in range(2)]
        await asyncio.sleep(delay)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        assert all(task.cancelled() for task in running)
    await _check_whole(pool, server, 2)


async def test_a_refused_connection_leaks_no_place(pool_of: Pools, server: Server) -> None:
    pool = pool_of(1, _LONG)
    server.connects_that_fail = 1
    refused, waited = await asyncio.gather(pool.value(_PID, []), pool.value(_PID, []), return_exceptions=True)
    assert isinstance(refused, ConnectionRefusedError)
    assert isinstance(waited, bytes)
    await _check_whole(pool, server, 1)


async def test_an_error_of_a_statement_keeps_the_connection(pool_of: Pools) -> None:
    pool = pool_of(1, _LONG)
    before = await pool.value(_PID, [])
    for statement in ("SELECT 1 / 0", "SELECT nothing"):
        with pytest.raises(asyncpg.PostgresError):
            await pool.value(statement, [])
    assert await pool.value(_PID, []) == before


async def test_closing_ends_all_connections(pool_of: Pools, server: Server) -> None:
    """Those at work when they come back; then there are none to be had."""
    pool = pool_of(2, _PATIENCE)
    assert await pool.value(_PID, [])
    async with server.holding() as held_statement:
        held = [asyncio.create_task(pool.value(held_statement, [])) for _ in range(2)]
        await server.at_work(2)
        await pool.close()
    assert all(await asyncio.gather(*held))
    await server.settles_at(0)
    with pytest.raises(PoolTimeoutError):
        await pool.value(_PID, [])
