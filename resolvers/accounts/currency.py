"""Correcting a tree's currency, while no account of it has an amount in it."""

from sqlalchemy import ColumnElement, Table, Text, Uuid, exists, func, literal, or_, select

from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.tables import Currency
from models.statistics.tables import statistic_deltas, statistics


async def correct_currency(session: WriteSession, master: Authorized, currency: Currency) -> None:
    """Let the tree of the locked master account have another currency. The calling code raises the version.

    Raises ALREADY_BOOKED where an account of the tree has an amount, or a plan of its own. The locked root
    keeps other writes out.
    """
    if await _has_costs_or_revenue(session, master) or not await _correct(session, master, currency):
        message = "The tree has a plan or amounts in its currency: the currency stays."
        raise Refusal(RefusalCode.ALREADY_BOOKED, message, "currency")


async def _correct(session: WriteSession, master: Authorized, currency: Currency) -> bool:
    corrected = func.currency_correct(literal(master.master_id, Uuid), literal(currency.value, Text))
    return bool((await session.execute(select(corrected))).scalar_one())


async def _has_costs_or_revenue(session: WriteSession, master: Authorized) -> bool:
    async with in_data_plane(session, master):
        new = _of_tree(master, statistic_deltas, statistic_deltas.c.amount != 0)
        sums = or_(statistics.c.cost != 0, statistics.c.revenue != 0)
        counted = or_(new, _of_tree(master, statistics, sums))
        return bool((await session.execute(select(counted))).scalar_one())


def _of_tree(master: Authorized, table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.master_id == master.master_id, condition)
