"""The engine, as PostgreSQL's environment variables say, and sessions on it."""

import os

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

# asyncpg reads PGHOST and its like, but not PGOPTIONS.
_SETTINGS = dict(option.split("=", 1) for option in os.environ.get("PGOPTIONS", "").split() if "=" in option)

engine = create_async_engine(
    # Statements with IN differ by the number of values: all of them are to stay prepared.
    "postgresql+asyncpg://?prepared_statement_cache_size=500",
    pool_size=10,
    max_overflow=0,
    connect_args={"server_settings": _SETTINGS},
)

writing: async_sessionmaker[AsyncSession] = async_sessionmaker(engine, expire_on_commit=False)

reading: async_sessionmaker[AsyncSession] = async_sessionmaker(
    # A statement by itself needs no BEGIN and no ROLLBACK, which would be two trips.
    engine.execution_options(isolation_level="AUTOCOMMIT"),
    expire_on_commit=False,
)
