"""`mandant worker`: what nobody's request does. Any number of them may run.

Every minute it tells of what is about to end and of what has ended (N9), begins the top-ups that are due by a
rule (N10), asks the payment provider for all that wait for its answer, closes billing cycles that have ended
and issues the invoices that are due (R27, R55).
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

import asyncpg
import sqlalchemy.exc
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from models.identifiers import AccountId, TopUpId
from resolvers.cycle_charging import AccountDue, charge_cycle, closings_due
from resolvers.expiry_notices import tell_batch
from resolvers.invoice_documents import Issuer
from resolvers.invoice_issuing import invoices_due, issue_invoice
from resolvers.payments import PaymentProvider
from resolvers.top_up_work import BATCH, ask_and_settle, begin, due_rules, waiting_top_ups
from server.commands.database import current_database
from server.database import connect_as_application

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PAUSE = 60.0
"""Seconds between two looks."""

_ASKED_AT_ONCE = 4

T = TypeVar("T")

_DATABASE_AWAY = (OSError, sqlalchemy.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def tell_expiries(database: AsyncEngine) -> None:
    """Tell of all that is due, batch by batch, each in a transaction of its own."""
    sessions = async_sessionmaker(database, class_=AsyncSession)
    more = True
    while more:
        async with sessions.begin() as session:
            more = await tell_batch(session)


async def top_up(database: AsyncEngine, provider: PaymentProvider) -> None:
    """Begin all top-ups that are due, and ask for all that wait, several at once."""
    sessions = async_sessionmaker(database, class_=AsyncSession)
    more = True
    while more:
        found = await _read(sessions, due_rules)
        for due in found:
            async with sessions.begin() as session:
                await begin(session, due)
        more = len(found) == BATCH
    last: TopUpId | None = None
    while waiting := await _read(sessions, partial(waiting_top_ups, after=last)):
        for start in range(0, len(waiting), _ASKED_AT_ONCE):
            some = waiting[start : start + _ASKED_AT_ONCE]
            await asyncio.gather(*[ask_and_settle(sessions, provider, one) for one in some])
        last = waiting[-1].id


async def bill(database: AsyncEngine, issuer: Issuer | None) -> None:
    """Close all cycles that have ended, then issue all invoices that are due, account by account, each in a
    transaction of its own. Without an issuer no invoice is issued."""
    sessions = async_sessionmaker(database, class_=AsyncSession)
    await _for_each_due(sessions, closings_due, charge_cycle)
    if issuer is not None:
        await _for_each_due(sessions, invoices_due, partial(_issued, issuer))


async def _issued(issuer: Issuer, session: AsyncSession, due: AccountDue) -> bool:
    return await issue_invoice(session, issuer, due) is not None


async def _for_each_due(
    sessions: async_sessionmaker[AsyncSession],
    find: Callable[[AsyncSession, AccountId | None], Awaitable[Sequence[AccountDue]]],
    step: Callable[[AsyncSession, AccountDue], Awaitable[bool]],
) -> None:
    """Take the step for each account that is due, again as long as it does something."""
    found: Sequence[AccountDue] = ()
    more = True
    while more:
        async with sessions.begin() as session:
            found = await find(session, found[-1].account_id if found else None)
        for due in found:
            while await _taken(sessions, step, due):
                pass
        more = bool(found)


async def _taken(
    sessions: async_sessionmaker[AsyncSession],
    step: Callable[[AsyncSession, AccountDue], Awaitable[bool]],
    due: AccountDue,
) -> bool:
    """Whether the step did something. What goes wrong with one account keeps no other waiting."""
    try:
        async with sessions.begin() as session:
            return await step(session, due)
    except sqlalchemy.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise
        _log.warning("account not billed", error=type(error.orig).__name__)
        return False


async def _read(
    sessions: async_sessionmaker[AsyncSession], read: Callable[[AsyncSession], Awaitable[Sequence[T]]]
) -> Sequence[T]:
    async with sessions.begin() as session:
        return await read(session)


async def work(database_url: str, provider: PaymentProvider, issuer: Issuer | None) -> None:
    """Work until cancelled. Raises CommandFailed where the database is not up to date."""
    async with current_database(database_url):
        pass
    database = connect_as_application(database_url, pool_size=_ASKED_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            # Each in a loop of its own: a payment provider that is slow keeps nobody uninformed.
            group.create_task(_again_and_again(partial(tell_expiries, database), "expiries not told"))
            group.create_task(_again_and_again(partial(top_up, database, provider), "top-ups not settled"))
            group.create_task(_again_and_again(partial(bill, database, issuer), "not billed"))
    finally:
        await database.dispose()


async def _again_and_again(step: Callable[[], Awaitable[None]], left_undone: str) -> None:
    while True:
        try:
            await step()
        except _DATABASE_AWAY as error:
            _log.warning(left_undone, error=type(error).__name__)
        await asyncio.sleep(PAUSE)


@contextmanager
def at_work(database_url: str, provider: PaymentProvider, issuer: Issuer | None) -> Iterator[None]:
    """Work beside what the process does else, in a thread of its own."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(work(database_url, provider, issuer))

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
