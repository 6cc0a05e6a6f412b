"""Which of an address's servers is connected to, and how long that may take."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text

from engine.database.driver import DriverConnection
from engine.database.reachability import Reachability
from server.database import connecting
from server.database.address import DatabaseServer, servers_of
from server.database.connecting import connect, reachability
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses

_PATIENCE = 30.0
"""Seconds; for ever is what it takes where nobody gives up."""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of a server that accepts connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _with_first(url: str, host: str, port: int) -> str:
    """The address with another server in front of its own."""
    parts = make_url(url)
    hosts = {"host": f"{host},{parts.query['host']}", "port": f"{port},5432"}
    return parts.set(query={**hosts, "target_session_attrs": "primary"}).render_as_string(hide_password=False)


async def test_a_server_that_is_not_there_is_passed_over(addresses: DatabaseAddresses) -> None:
    connection = await connect(_with_first(addresses.application, "/nowhere", 5432), {}, DriverConnection)
    assert await connection.fetchval("SELECT 1") == 1
    connection.terminate()


async def test_a_server_that_is_silent_is_passed_over(addresses: DatabaseAddresses, silent_port: int) -> None:
    url = _with_first(addresses.application, "127.0.0.1", silent_port)
    async with asyncio.timeout(_PATIENCE):
        connection = await connect(url, {}, DriverConnection)
        assert await connection.fetchval("SELECT 1") == 1
    connection.terminate()


async def test_a_silent_server_is_looked_for_until_it_answers(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes meanwhile does not wait."""
    monkeypatch.setattr(connecting, "_PATIENCE", 0.5)
    url = f"postgresql://nobody@127.0.0.1:{silent_port}/nothing"
    server = reachability(url)
    async with asyncio.timeout(_PATIENCE):
        with pytest.raises(TimeoutError):
            await connect(url, {}, DriverConnection, server=server)
        assert server.in_doubt
        for _ in range(100):
            with pytest.raises(ConnectionError):
                await connect(url, {}, DriverConnection, server=server)
    await server.close()
    assert not server.in_doubt


async def test_a_statement_that_is_given_up_closes_the_connection(addresses: DatabaseAddresses) -> None:
    """Nothing is asked of the server about it: neither by a time-out nor by a request that goes."""
    for wait in (_given_up, _cancelled):
        connection = await connect(addresses.application, {}, DriverConnection, command_timeout=0.2)
        await wait(connection)
        assert connection.is_closed()


async def _given_up(connection: DriverConnection) -> None:
    with pytest.raises(TimeoutError):
        await connection.fetchval("SELECT pg_sleep(60)")


async def _cancelled(connection: DriverConnection) -> None:
    reading = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)", timeout=60))
    await asyncio.sleep(0.1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await asyncio.sleep(0)


def test_the_servers_of_an_address() -> None:
    several = servers_of("postgresql://u:p%2C@a:1,b,10.0.0.1:3/x?target_session_attrs=primary")
    assert several == [DatabaseServer("a", 1), DatabaseServer("b", 5432), DatabaseServer("10.0.0.1", 3)]
    sockets = servers_of("postgresql://u@/x?host=/a,/b&port=6000")
    assert sockets == [DatabaseServer("/a", 6000), DatabaseServer("/b", 6000)]
    assert servers_of("postgresql:///x") == [DatabaseServer(None, None)]


async def test_whoever_connects_has_found_the_server(addresses: DatabaseAddresses) -> None:
    """Looks fail, as before it was started: the next who connects does not wait for another one."""

    async def look() -> None:
        raise ConnectionRefusedError

    server = Reachability(look)
    server.doubt()
    engine = connect_as_application(addresses.application, 1, server)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    assert not server.in_doubt
    await engine.dispose()
