"""The worker's step that bills: charges for cycles that have ended, and invoices that are due (R27, R55)."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import sqlalchemy.exc
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from models.identifiers import AccountId, AccountKey
from resolvers.cycle_charging import charge_cycle, charges_due
from resolvers.invoice_documents import Issuer
from resolvers.invoice_issuing import invoices_due, issue_invoice

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


async def bill(database: AsyncEngine, issuer: Issuer | None) -> None:
    """Charge for all cycles that have ended, then issue all invoices that are due, account by account, each
    in a transaction of its own. Without an issuer no invoice is issued."""
    sessions = async_sessionmaker(database, class_=AsyncSession)
    await _for_each_due(sessions, charges_due, charge_cycle)
    if issuer is not None:
        await _for_each_due(sessions, invoices_due, partial(_issued, issuer))


async def _issued(issuer: Issuer, session: AsyncSession, due: AccountKey) -> bool:
    return await issue_invoice(session, issuer, due) is not None


async def _for_each_due(
    sessions: async_sessionmaker[AsyncSession],
    find: Callable[[AsyncSession, AccountId | None], Awaitable[Sequence[AccountKey]]],
    step: Callable[[AsyncSession, AccountKey], Awaitable[bool]],
) -> None:
    """Take the step for each account that is due, again as long as it does something."""
    found: Sequence[AccountKey] = ()
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
    step: Callable[[AsyncSession, AccountKey], Awaitable[bool]],
    due: AccountKey,
) -> bool:
    """Whether the step did something. What goes wrong with one account keeps no other waiting."""
    try:
        async with sessions.begin() as session:
            return await step(session, due)
    except OSError:
        raise  # the database is away, for every account
    except Exception as error:
        if isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("account not billed", account=str(due.account_id))
        return False
