"""How much accounts have used in current billing cycles (R28, N10, T18)."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, cast, func, literal_column, select

from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.budgets.tables import credit_counts
from models.sending.lapsed import is_lapsed
from models.sending.tables import send_counts, send_cycles, send_reservations

_Id = ColumnElement[uuid.UUID]
_ZERO = literal_column("0", BigInteger)


def sends_used(master_id: _Id, account_id: _Id, subscriber_id: _Id | None = None) -> ColumnElement[int]:
    """Sends of an account and all below it in current cycles, or only in that of one subscription.

    An account that takes a plan of its own in the middle of a cycle has sends in two current cycles.
    """
    count, cycle = send_counts.alias(), send_cycles.alias()
    reservation, open_cycle = send_reservations.alias(), send_cycles.alias()
    counted = _sum_below(master_id, account_id, count, cycle, count.c.sends, subscriber_id)
    lapsed = _sum_below(
        master_id, account_id, reservation, open_cycle, reservation.c.recipients, subscriber_id
    ).where(is_lapsed(reservation))
    return cast(counted.scalar_subquery() - lapsed.scalar_subquery(), BigInteger)


def credit_used(
    master_id: _Id, account_id: _Id, payer_id: _Id, lapsed_of: _Id | None = None
) -> ColumnElement[int]:
    """What an account and all below it have taken from a pool in current cycles, in micro-units.

    Lapsed reservations do not count. With `lapsed_of` only those of that subscription are left out.
    """
    count, cycle = credit_counts.alias(), send_cycles.alias()
    reservation, open_cycle = send_reservations.alias(), send_cycles.alias()
    counted = _sum_below(master_id, account_id, count, cycle, count.c.amount).where(
        count.c.payer_id == payer_id
    )
    lapsed = _sum_below(master_id, account_id, reservation, open_cycle, reservation.c.price, lapsed_of).where(
        is_lapsed(reservation), reservation.c.payer_id == payer_id
    )
    return cast(counted.scalar_subquery() - lapsed.scalar_subquery(), BigInteger)


def _sum_below(
    master_id: _Id,
    account_id: _Id,
    rows: FromClause,
    cycle: FromClause,
    amount: ColumnElement[int],
    subscriber_id: _Id | None = None,
) -> Select[Any]:
    """The sum over rows of an account and all below it, in current cycles."""
    below = account_closure.alias()
    statement = (
        select(func.coalesce(func.sum(amount), _ZERO))
        .select_from(
            rows.join(cycle, in_tree(cycle, rows, id="cycle_id")).join(
                below,
                in_tree(below, rows, descendant_id="account_id"),
            )
        )
        .where(
            rows.c.master_id == master_id,
            below.c.ancestor_id == account_id,
            cycle.c.ends_at > current_moment(),
        )
    )
    if subscriber_id is not None:
        statement = statement.where(cycle.c.account_id == subscriber_id)
    return statement.correlate_except(rows, cycle, below)
