"""Connections to PostgreSQL as the application's role."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from sqlalchemy import AdaptedConnection, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from engine.pool import Pool
from engine.read_connection import ReadConnection
from models.base import APPLICATION_ROLE

_SETTINGS = {
    "application_name": "mandant",
    "role": APPLICATION_ROLE,
    "timezone": "UTC",
    "jit": "off",
    # PostgreSQL would plan each statement for its values five times on each connection before it asks whether
    # one plan does for all of them; and for good, where it takes an array of one id for ten.
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
_COMPILED_STATEMENTS = 200
"""Of a process: SQLAlchemy holds up to half as many again, of about 200 KB each."""
_PREPARED_STATEMENTS = 50
"""Of each of SQLAlchemy's connections; what the reference executor sends is up to 12,000 characters long."""
_CONNECT_TIMEOUT = 5
"""Seconds."""
_QUEUE_TIMEOUT = 10
"""Seconds; longer than the database gives a statement, so that only a silent one is given up."""


def connect_as_application(url: str, pool_size: int) -> AsyncEngine:
    """A pool whose every connection acts as the application's role, whoever signs in."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        query_cache_size=_COMPILED_STATEMENTS,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": _CONNECT_TIMEOUT,
            "server_settings": _SETTINGS,
            "prepared_statement_cache_size": _PREPARED_STATEMENTS,
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: AdaptedConnection, *_: object) -> None:
    """Have the pool open another in place of a connection that the server has closed, or is about to.

    Nobody waits for an answer on a connection that is free: what comes in on it is the server's farewell. The
    pool's own ping would cost three round trips each time.
    """
    driver_connection: asyncpg.Connection = connection.driver_connection
    if driver_connection.is_closed() or _has_news(driver_connection):
        raise DisconnectionError


def _has_news(connection: asyncpg.Connection) -> bool:
    waiting = select.poll()
    waiting.register(connection._transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def read_pool(url: str, size: int) -> Pool:
    """A pool for compiled reads, on connections that refuse to write."""
    return Pool(lambda: read_connection(url), size)


async def read_connection(url: str) -> ReadConnection:
    """One of them."""
    connection: ReadConnection = await asyncpg.connect(
        url,
        connection_class=ReadConnection,
        timeout=_CONNECT_TIMEOUT,
        server_settings=_SETTINGS | {"default_transaction_read_only": "on"},
    )
    return connection


@asynccontextmanager
async def queue_connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for PGQueuer, which listens on it all the time. None of its statements takes long."""
    connection = await asyncpg.connect(
        url, timeout=_CONNECT_TIMEOUT, command_timeout=_QUEUE_TIMEOUT, server_settings=_SETTINGS
    )
    try:
        yield connection
    finally:
        # Whatever is left of it: where the database has gone, nobody waits for its farewell.
        connection.terminate()


def connect_as_owner(url: str) -> AsyncEngine:
    """For migrations, and for what operators look at."""
    return create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), hide_parameters=True)
