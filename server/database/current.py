"""A database that a command opens, once it is known that no migration is due."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application, connect_as_owner
from server.database.migrate import why_not_current
from server.failures.command_failed import CommandFailed


@asynccontextmanager
async def current_database(url: str) -> AsyncIterator[AsyncEngine]:
    """The database as the application sees it. Raises CommandFailed where migrations are due."""
    async with _current(connect_as_application(url, pool_size=1, command_timeout=None)) as database:
        yield database


@asynccontextmanager
async def owners_database(url: str) -> AsyncIterator[AsyncEngine]:
    """The whole database, as its owner sees it. Raises CommandFailed where migrations are due."""
    async with _current(connect_as_owner(url)) as database:
        yield database


@asynccontextmanager
async def _current(database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    try:
        async with database.connect() as connection:
            reason = await connection.run_sync(why_not_current)
        if reason is not None:
            raise CommandFailed(f"The database is not up to date: {reason}.")
        yield database
    finally:
        await database.dispose()
