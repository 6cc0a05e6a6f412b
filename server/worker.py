"""`mandant worker`: what nobody's request does. Any number of them may run.

Every minute it tells of what is about to end and of what has ended (N9).
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
import sqlalchemy.exc
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from resolvers.expiry_notices import tell_batch
from server.commands.database import current_database
from server.database import connect_as_application

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PAUSE = 60.0
"""Seconds between two looks."""

_DATABASE_AWAY = (OSError, sqlalchemy.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def tell_expiries(database: AsyncEngine) -> None:
    """Tell of all that is due, batch by batch, each in a transaction of its own."""
    sessions = async_sessionmaker(database, class_=AsyncSession)
    more = True
    while more:
        async with sessions.begin() as session:
            more = await tell_batch(session)


async def work(database_url: str) -> None:
    """Work until cancelled. Raises CommandFailed where the database is not up to date."""
    async with current_database(database_url):
        pass
    database = connect_as_application(database_url, pool_size=1)
    try:
        while True:
            try:
                await tell_expiries(database)
            except _DATABASE_AWAY as error:
                _log.warning("expiries not told", error=type(error).__name__)
            await asyncio.sleep(PAUSE)
    finally:
        await database.dispose()


@contextmanager
def at_work(database_url: str) -> Iterator[None]:
    """Work beside what the process does else, in a thread of its own."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(work(database_url))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
