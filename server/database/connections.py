"""Connections to PostgreSQL as the application's role."""

import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, AdaptedConnection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from engine.database.driver import DriverConnection
from engine.database.fair_pool import FairPool
from engine.database.pool import Pool
from engine.database.reachability import Reachability
from engine.database.read_connection import ReadConnection
from engine.database.write_connection import WriteConnection
from models.base.columns import APPLICATION_ROLE, DATA_ROLE
from server.database.connecting import COMMAND_TIMEOUT, connect, reachability
from server.logs.metrics import pool_wait_seconds

_SETTINGS = {
    "application_name": "mandant",
    "role": APPLICATION_ROLE,
    "timezone": "UTC",
    "jit": "off",
    # A connection keeps a plan while its tables grow from nothing to millions of rows: where an index serves,
    # that a table is small is no reason to read the whole of it.
    "enable_seqscan": "off",
    # PostgreSQL would plan each statement for its values five times on each connection before it asks whether
    # one plan does for all of them; and would plan for good as if an array of one id had ten.
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
_DATA_SETTINGS = _SETTINGS | {
    "role": DATA_ROLE,
    "default_transaction_read_only": "on",
    # A tree is one of many databases', or parts': the plan for its values reads there alone.
    "plan_cache_mode": "auto",
}
_OWNERS_SETTINGS = {"application_name": "mandant owner"}
_COMPILED_STATEMENTS = 200
"""Of a process: SQLAlchemy holds up to half as many again, of about 200 KB each."""
_OWNERS_STATEMENTS = 50
"""The same for an owner's engine, whose users each send the same few."""
_PREPARED_STATEMENTS = 50
"""Of each of SQLAlchemy's connections; what the reference executor sends is up to 12,000 characters long."""
_POOL_SECONDS = 2.0
"""How long a caller waits for a connection if all are busy."""
_READ_ONLY_SECONDS = 0.25
"""So long a connection is kept that takes no changes."""
_DRIVER = "postgresql+asyncpg"
"""For SQLAlchemy, which needs no address: we open its connections."""


def connect_as_application(
    url: str,
    pool_size: int,
    server: Reachability | None = None,
    command_timeout: float | None = COMMAND_TIMEOUT,
) -> AsyncEngine:
    """A pool whose connections act as the application's role, whatever role signs in.

    `server`: the reachability that other pools of the same server share; left out: a new one.
    `command_timeout`: the seconds that a statement may take; None: as long as the database lets it.
    """
    known = server or reachability(url)

    async def open_connection() -> WriteConnection:
        kind = WriteConnection
        return await connect(url, _SETTINGS, kind, server=known, command_timeout=command_timeout)

    def adapted() -> Any:
        # As SQLAlchemy's own `async_creator` does it, which takes no such number.
        return engine.dialect.dbapi.connect(  # type: ignore[union-attr]  # it was loaded with the dialect
            async_creator_fn=open_connection, prepared_statement_cache_size=_PREPARED_STATEMENTS
        )

    engine = create_async_engine(
        URL.create(_DRIVER, APPLICATION_ROLE),
        creator=adapted,
        poolclass=FairPool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        query_cache_size=_COMPILED_STATEMENTS,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: AdaptedConnection, *_: object) -> None:
    """Have the pool open another in place of a connection that the server has closed, is about to close, may
    not answer on, or takes no changes on: by now there may be one that does.

    Nobody waits for an answer on a connection that is free: what comes in on it is the server's farewell. The
    pool's own ping would cost three round trips each time.
    """
    driver_connection: WriteConnection = connection.driver_connection
    if _is_useless(driver_connection):
        driver_connection.terminate()
        raise DisconnectionError


def _is_useless(connection: WriteConnection) -> bool:
    server = connection.server
    return (
        connection.is_closed()
        or connection.is_spent
        or (server is not None and server.in_doubt)
        or _has_news(connection)
        # A new one is no better while nothing has changed.
        or (connection.is_read_only and time.monotonic() - connection.opened_at > _READ_ONLY_SECONDS)
    )


def _has_news(connection: asyncpg.Connection) -> bool:
    waiting = select.poll()
    waiting.register(connection._transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def read_pool(url: str, size: int, server: Reachability | None = None) -> Pool:
    """A pool for compiled reads, on connections that refuse to write. `server`: as for writes."""
    known = server or reachability(url)
    waited = pool_wait_seconds.labels(pool="reads").observe
    return Pool(lambda: read_connection(url, known), size, _POOL_SECONDS, known, waited)


async def read_connection(url: str, server: Reachability | None = None) -> ReadConnection:
    """One of them. Its pool gives up what takes too long."""
    settings = _SETTINGS | {"default_transaction_read_only": "on"}
    return await connect(url, settings, ReadConnection, server=server, command_timeout=None)


def data_pool(url: str, size: int, server: Reachability | None = None) -> Pool:
    """A pool for the compiled executor's far statements, on connections of the data plane's role that refuse
    to write. `server`: as for writes."""
    known = server or reachability(url)
    waited = pool_wait_seconds.labels(pool="far reads").observe
    return Pool(lambda: data_connection(url, known), size, _POOL_SECONDS, known, waited)


async def data_connection(url: str, server: Reachability | None = None) -> ReadConnection:
    """One of them. Its pool gives up what takes too long."""
    return await connect(url, _DATA_SETTINGS, ReadConnection, server=server, command_timeout=None)


@asynccontextmanager
async def queue_connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for PGQueuer, which listens on it all the time. None of its statements takes long."""
    connection = await connect(url, _SETTINGS, DriverConnection)
    try:
        yield connection
    finally:
        connection.terminate()


def connect_as_owner(url: str) -> AsyncEngine:
    """For migrations, which may take long, and for what operators look at."""

    async def open_connection() -> WriteConnection:
        return await connect(url, _OWNERS_SETTINGS, WriteConnection, command_timeout=None)

    engine = create_async_engine(
        URL.create(_DRIVER),
        async_creator=open_connection,
        query_cache_size=_OWNERS_STATEMENTS,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine
