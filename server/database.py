"""Connections to PostgreSQL as the application's role."""

import orjson
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from models.base import APPLICATION_ROLE

_TIME_LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}


def connect_as_application(url: str, pool_size: int) -> AsyncEngine:
    """A pool whose every connection acts as the application's role, whoever signs in."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": "mandant",
                "role": APPLICATION_ROLE,
                "timezone": "UTC",
                "jit": "off",
                **_TIME_LIMITS,
            },
        },
    )


def connect_as_owner(url: str) -> AsyncEngine:
    """For migrations."""
    return create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), hide_parameters=True)
