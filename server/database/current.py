"""A database that a command opens, once it is known that no migration is due."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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


async def check_owner(connection: AsyncConnection, what: str) -> None:
    """Raise CommandFailed for a role that row level security shows only a part of `what`."""
    if not (await connection.execute(_IS_OWNER)).scalar_one():
        raise CommandFailed(f"Only the database's owner sees all {what}: set MANDANT_MIGRATION_DATABASE_URL.")


_IS_OWNER = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'ledgers'::regclass")


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
