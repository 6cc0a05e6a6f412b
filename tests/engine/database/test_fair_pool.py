"""Who waits longest for a connection gets it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


@pytest.fixture
async def engine(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """Of one connection."""
    found = connect_as_application(addresses.application, pool_size=1)
    yield found
    await found.dispose()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_somebody_is_being_woken_up_does_not_pass(engine: AsyncEngine) -> None:
    got: list[str] = []

    async def use(name: str, connection: AsyncConnection) -> None:
        async with connection:
            got.append(name)

    connection = await engine.connect()
    patient = asyncio.create_task(use("patient", engine.connect()))
    await _settle()
    await connection.close()
    async with asyncio.timeout(60):
        await use("greedy", engine.connect())
        await patient
    assert got == ["patient", "greedy"]


async def test_who_gives_up_keeps_the_connection_from_nobody(engine: AsyncEngine) -> None:
    async def use() -> None:
        async with engine.connect():
            pass

    connection = await engine.connect()
    early, late = (asyncio.create_task(use()) for _ in range(2))
    await _settle()
    early.cancel()
    await _settle()
    await connection.close()
    async with asyncio.timeout(60):
        await late
    assert early.cancelled()
    connection = await engine.connect()
    given = asyncio.create_task(use())
    await _settle()
    await connection.close()
    given.cancel()  # the connection is its own, and it does not know yet
    await asyncio.gather(given, return_exceptions=True)
    async with asyncio.timeout(60):
        await use()
