"""Whether a tree has amounts in its currency, which can then no longer be corrected."""

from sqlalchemy import ColumnElement, Table, exists, or_, select

from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.billing.invoices import invoices
from models.billing.tables import charges
from models.budgets.tables import BudgetCurrency, budgets
from models.credit.tables import ledgers
from models.payments.tables import top_ups
from models.payments.top_up_rules import top_up_rules
from models.plans.tables import subscriptions
from models.statistics.tables import statistic_deltas, statistics

_BOOKED = (ledgers, subscriptions, charges, invoices, top_ups, top_up_rules)
"""Tables whose rows are amounts of the tree, or plans with prices in its currency."""


async def check_nothing_booked(session: WriteSession, master: Authorized) -> None:
    """Raise ALREADY_BOOKED where an account of the tree has an amount in its currency. The locked root keeps
    other writes out."""
    credit = _of_tree(master, budgets, budgets.c.currency == BudgetCurrency.CREDIT.value)
    booked = or_(*[_of_tree(master, table) for table in _BOOKED], credit)
    found = (await session.execute(select(booked))).scalar_one()
    if not found:
        async with in_data_plane(session, master):
            new = _of_tree(master, statistic_deltas, statistic_deltas.c.amount != 0)
            sums = or_(statistics.c.cost != 0, statistics.c.revenue != 0)
            counted = or_(new, _of_tree(master, statistics, sums))
            found = (await session.execute(select(counted))).scalar_one()
    if found:
        message = "The tree has a plan or amounts in its currency: the currency stays."
        raise Refusal(RefusalCode.ALREADY_BOOKED, message, "currency")


def _of_tree(master: Authorized, table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.master_id == master.master_id, *conditions)
