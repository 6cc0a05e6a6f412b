"""The year before the demo is looked at: the clock is set back, and then goes through it month by month.

So the accounts have a past like real ones: cycles that ended, charges, and invoices with their dates.
"""

import datetime
from calendar import monthrange
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.billing.due import INVOICED_AFTER
from resolvers.billing.charge import charge_cycle
from resolvers.billing.document import Issuer
from resolvers.billing.issue import issue_invoice
from resolvers.billing.status_history import SuspendedAccounts
from server.database.clock import Clock

MONTHS = 12
_INTO_THE_MONTH = datetime.timedelta(days=9)
"""How long the present cycle runs already; in those before, so much later was sent."""


@dataclass(frozen=True)
class Year:
    """`clock`: the demo's database's, which nobody else may look at meanwhile. `issuer`: of the invoices."""

    clock: Clock
    issuer: Issuer

    @asynccontextmanager
    async def begun(self) -> AsyncIterator["Past"]:
        """Inside it is a year ago, or later as the months pass; afterwards the clock shows the present."""
        first = _earlier(await self.clock.now() - _INTO_THE_MONTH, MONTHS)
        # Cycles end at midnight, and their invoices come soon after, whenever the demo is made.
        begins_at = first.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            await self.clock.show(begins_at)
            yield Past(self, begins_at)
        finally:
            await self.clock.reset()


@dataclass(frozen=True)
class Past:
    """A year that has begun."""

    year: Year
    begins_at: datetime.datetime

    async def months(self) -> AsyncIterator[int]:
        """How many months ago it is; inside each, it is the day on which is sent."""
        for month in range(MONTHS):
            await self.year.clock.show(_later(self.begins_at, month) + _INTO_THE_MONTH)
            yield MONTHS - month

    async def bill(self, session: WriteSession, owner: Principal, account_id: AccountId) -> None:
        """Charge the month that ends, and issue its invoice, as a worker would."""
        subscriber = AccountKey(MasterId(account_id), account_id)
        ends_at = _later(await self.year.clock.now() - _INTO_THE_MONTH, 1)
        await self.year.clock.show(ends_at + INVOICED_AFTER)
        await charge_cycle(session, subscriber, SuspendedAccounts.PAUSE)
        await issue_invoice(session, self.year.issuer, subscriber)
        await enter(session, owner.credentials)


def _earlier(moment: datetime.datetime, months: int) -> datetime.datetime:
    return _later(moment, -months)


def _later(moment: datetime.datetime, months: int) -> datetime.datetime:
    """So many months later, on the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
