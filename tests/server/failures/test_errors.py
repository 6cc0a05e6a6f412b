"""What clients are told of failures: those of a real PostgreSQL, through SQLAlchemy and asyncpg."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.failures.errors import ErrorCode, failure_of, kind_of
from tests.database.database import clone, drop, named

AWAY = "The database cannot be reached; try again."
TIMED_OUT = "The database took too long; try again."
LOCKED = "Others are changing the same data; try again."
CROWDED = "The server is busy; try again."
NOT_MIGRATED = "The database lacks tables or functions: migrations are due."
FULL = "The database's disk is full; nothing can be changed until there is room."
SHORT = "The database is short of memory or room; try again."
COLLIDED = "Another request changed the same data; try again."


@dataclass(frozen=True)
class Engines:
    """Two ways into one database by SQLAlchemy, and its address for asyncpg."""

    address: str
    single: AsyncEngine  # whose pool holds one connection
    other: AsyncEngine


@pytest.fixture(scope="module")
async def scratch(addresses: DatabaseAddresses) -> AsyncIterator[str]:
    """A database in which transactions may wait for each other."""
    name = await clone(addresses.owner)
    yield named(addresses.owner, name)
    await drop(addresses.owner, name)


@pytest.fixture
async def engines(scratch: str) -> AsyncIterator[Engines]:
    url = scratch.replace("postgresql:", "postgresql+asyncpg:")
    single = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    other = create_async_engine(url)
    async with single.begin() as connection:
        await connection.execute(text("CREATE TABLE counter (id int PRIMARY KEY, label text)"))
        await connection.execute(text("INSERT INTO counter VALUES (1, 'a'), (2, 'b')"))
    yield Engines(scratch, single, other)
    await single.dispose()
    async with other.begin() as connection:
        await connection.execute(text("DROP TABLE counter"))
    await other.dispose()


UPDATE_1 = text("UPDATE counter SET label = 'x' WHERE id = 1")
UPDATE_2 = text("UPDATE counter SET label = 'x' WHERE id = 2")


async def statement_timeout(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 20"))
        await connection.execute(text("SELECT pg_sleep(5)"))


async def statement_timeout_of_asyncpg(engines: Engines) -> None:
    async with direct(engines) as connection:
        await connection.execute("SET statement_timeout = 20")
        await connection.execute("SELECT pg_sleep(5)")


async def lock_timeout(engines: Engines) -> None:
    async with engines.single.connect() as holder, engines.other.connect() as waiter:
        await holder.execute(UPDATE_1)
        await waiter.execute(text("SET LOCAL lock_timeout = 20"))
        await waiter.execute(UPDATE_1)


async def serialization_failure(engines: Engines) -> None:
    async with engines.single.connect() as first, engines.other.connect() as second:
        await second.execution_options(isolation_level="REPEATABLE READ")
        await second.execute(text("SELECT * FROM counter"))
        await first.execute(UPDATE_1)
        await first.commit()
        await second.execute(UPDATE_1)


async def deadlock(engines: Engines) -> None:
    async with engines.single.connect() as first, engines.other.connect() as second:
        await first.execute(UPDATE_1)
        await second.execute(UPDATE_2)
        crossed = first.execute(UPDATE_2), second.execute(UPDATE_1)
        for outcome in await asyncio.gather(*crossed, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def terminated(engines: Engines) -> None:
    async with engines.single.connect() as victim, engines.other.connect() as killer:
        await kill(await backend_of(victim), killer)
        await victim.execute(text("SELECT 1"))


async def terminated_under_asyncpg(engines: Engines) -> None:
    async with direct(engines) as victim, engines.other.connect() as killer:
        await kill(victim.get_server_pid(), killer)
        await victim.fetch("SELECT 1")


async def closed_under_asyncpg(engines: Engines) -> None:
    async with direct(engines) as connection:
        await connection.close()
        await connection.fetch("SELECT 1")


async def pool_exhausted(engines: Engines) -> None:
    async with engines.single.connect(), engines.single.connect():
        pass


async def nobody_listens(engines: Engines) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    await connect_to(f"postgresql+asyncpg://user@127.0.0.1:{port}/postgres")


async def no_socket(engines: Engines) -> None:
    await connect_to("postgresql+asyncpg://user@/postgres?host=/nowhere")


async def integer_out_of_range(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SELECT * FROM counter WHERE id = :id"), {"id": 2**40})


async def nul_in_text(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SELECT * FROM counter WHERE label = :label"), {"label": "a\0"})


async def unique_violation(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("INSERT INTO counter VALUES (1, 'secret')"))


async def unknown_table(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SELECT secret FROM nowhere"))


async def unknown_function(engines: Engines) -> None:
    async with direct(engines) as connection:
        await connection.fetch("SELECT secret_of(1)")


async def not_privileged(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SET LOCAL ROLE mandant_application"))
        await connection.execute(text("SELECT * FROM counter"))


async def no_such_database(engines: Engines) -> None:
    await connect_to(named(engines.address, "nowhere").replace("postgresql:", "postgresql+asyncpg:"))


async def wrong_password(engines: Engines) -> None:
    address = make_url(engines.address).set(drivername="postgresql+asyncpg", password="secret")
    await connect_to(address.render_as_string(hide_password=False))


async def too_many_connections(engines: Engines) -> None:
    async with direct(engines) as first:
        await first.execute("CREATE ROLE crowded LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
        try:
            address = make_url(engines.address).set(username="crowded", password="x")
            await asyncpg.connect(address.render_as_string(hide_password=False))
        finally:
            await first.execute("DROP ROLE crowded")


async def read_only(engines: Engines) -> None:
    async with engines.single.connect() as connection:
        await connection.execute(text("SET LOCAL transaction_read_only = on"))
        await connection.execute(UPDATE_1)


async def disk_full(engines: Engines) -> None:
    """As PostgreSQL raises it: no disk is filled for this."""
    async with direct(engines) as connection:
        await connection.execute("DO $$ BEGIN RAISE 'no space left' USING ERRCODE = 'disk_full'; END $$")


async def temporary_files_full(engines: Engines) -> None:
    async with direct(engines) as connection:
        await connection.execute("SET temp_file_limit = 0; SET work_mem = '64kB'")
        await connection.execute(
            "SELECT count(*) FROM (SELECT n FROM generate_series(1, 99999) n ORDER BY n)"
        )


@asynccontextmanager
async def direct(engines: Engines) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(engines.address)
    try:
        yield connection
    finally:
        connection.terminate()


async def backend_of(connection: AsyncConnection) -> int:
    pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    assert isinstance(pid, int)
    return pid


async def kill(pid: int, killer: AsyncConnection) -> None:
    await killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


async def each_new_connection_is_lost(engines: Engines) -> None:
    engine = connect_as_application(engines.address, 1)
    event.listen(engine.sync_engine, "connect", lambda new, _: new.driver_connection.terminate())
    async with engine.connect():
        pass


async def connect_to(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect():
        pass


@pytest.mark.parametrize(
    ("fail", "code", "message"),
    [
        (statement_timeout, ErrorCode.UNAVAILABLE, TIMED_OUT),
        (statement_timeout_of_asyncpg, ErrorCode.UNAVAILABLE, TIMED_OUT),
        (lock_timeout, ErrorCode.BUSY, LOCKED),
        (serialization_failure, ErrorCode.CONFLICT, COLLIDED),
        (deadlock, ErrorCode.CONFLICT, COLLIDED),
        (terminated, ErrorCode.UNAVAILABLE, AWAY),
        (terminated_under_asyncpg, ErrorCode.UNAVAILABLE, AWAY),
        (closed_under_asyncpg, ErrorCode.UNAVAILABLE, AWAY),
        (pool_exhausted, ErrorCode.BUSY, CROWDED),
        (nobody_listens, ErrorCode.UNAVAILABLE, AWAY),
        (each_new_connection_is_lost, ErrorCode.UNAVAILABLE, AWAY),
        (no_socket, ErrorCode.UNAVAILABLE, AWAY),
        (integer_out_of_range, ErrorCode.INTERNAL, "Internal error"),
        (nul_in_text, ErrorCode.INTERNAL, "Internal error"),
        (unique_violation, ErrorCode.INTERNAL, "Internal error"),
        (unknown_table, ErrorCode.NOT_SET_UP, NOT_MIGRATED),
        (unknown_function, ErrorCode.NOT_SET_UP, NOT_MIGRATED),
        (not_privileged, ErrorCode.NOT_SET_UP, "The server lacks privileges in its database."),
        (no_such_database, ErrorCode.NOT_SET_UP, "The server's database does not exist."),
        (wrong_password, ErrorCode.NOT_SET_UP, "The database does not let the server in."),
        (too_many_connections, ErrorCode.BUSY, "The database has no connection left; try again."),
        (read_only, ErrorCode.UNAVAILABLE, "The database takes no changes at the moment; try again."),
        (disk_full, ErrorCode.STORAGE_FULL, FULL),
        (temporary_files_full, ErrorCode.UNAVAILABLE, SHORT),
    ],
)
async def test_database_failures(
    engines: Engines, fail: Callable[[Engines], Awaitable[None]], code: ErrorCode, message: str
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each case raises another
        await fail(engines)
    failure = failure_of(caught.value)
    assert (failure.code, failure.message) == (code, message), repr(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT secret", {}, Exception("secret")),
        InterfaceError("SELECT secret", {}, Exception("secret")),
        DBAPIError("SELECT secret", {}, Exception("secret"), connection_invalidated=True),
    ],
)
def test_other_signs_of_a_lost_connection(error: DBAPIError) -> None:
    assert failure_of(error).message == AWAY


async def test_a_line_of_the_log_has_the_code_of_the_database(engines: Engines) -> None:
    with pytest.raises(DBAPIError) as failed:
        async with engines.single.connect() as connection:
            await connection.execute(text("SELECT 1 / 0"))
    assert kind_of(failed.value) == {"error": "DBAPIError", "sqlstate": "22012"}
    assert kind_of(OSError()) == {"error": "OSError", "sqlstate": ""}
    assert kind_of(None) == {"error": "NoneType", "sqlstate": ""}
