"""What waits to be charged and invoiced.

A cycle is charged an hour after its end: a reservation counts in the cycle that it was made in, and may be
committed a little later.
"""

import datetime

from sqlalchemy import DateTime, FromClause, Function, Uuid, column, func

CHARGED_AFTER = datetime.timedelta(hours=1)
"""After the cycle's end."""

INVOICED_AFTER = datetime.timedelta(hours=2)
"""After the end of the cycle that it is about: an hour after cycles that end with it are charged."""


def cycles_to_charge() -> FromClause:
    """Rows (master_id, account_id, starts_at, ends_at): the first cycle of each subscription that is due."""
    return _periods(func.mandant_cycles_to_charge())


def invoices_to_issue() -> FromClause:
    """The same of each account that an invoice is due for. The period is half-open."""
    return _periods(func.mandant_invoices_to_issue())


def _periods(function: Function[object]) -> FromClause:
    moment = DateTime(timezone=True)
    return function.table_valued(
        column("master_id", Uuid()),
        column("account_id", Uuid()),
        column("starts_at", moment),
        column("ends_at", moment),
    )
