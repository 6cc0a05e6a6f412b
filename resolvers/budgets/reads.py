"""What accounts have used of their budgets, and what is kept free for them, as SQL (R28, N10, T18)."""

import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    cast,
    exists,
    func,
    literal_column,
    select,
)

from models.accounts.tables import AccountStatus, account_closure, accounts
from models.base.clock import current_moment
from models.budgets.tables import BudgetCurrency, budgets, credit_counts
from models.plans.tables import subscriptions
from models.sending.tables import send_counts, send_cycles, send_reservations
from resolvers.credit.reads import nearest_pool
from resolvers.plans.cycle_counts import is_lapsed
from resolvers.plans.reads import has_begun

_Id = ColumnElement[uuid.UUID]
_ZERO = literal_column("0", BigInteger)


def sends_of(account: FromClause) -> Select[Any]:
    """How much of the plan's sends the account and all below it may use, and how much is kept for them; null:
    nobody above has said anything."""
    return _budget_of(account, BudgetCurrency.SENDS)


def credit_of(account: FromClause) -> Select[Any]:
    """The same for credit of the pool that the account draws from."""
    return _budget_of(account, BudgetCurrency.CREDIT)


def sends_used_of(budget: FromClause) -> ColumnElement[int]:
    """What the account and all below it have sent of current billing cycles, whosever plan it was."""
    return sends_used(budget.c.master_id, budget.c.account_id)


def credit_used_of(budget: FromClause) -> ColumnElement[int]:
    """What the account and all below it have taken from the pool in their current billing cycles."""
    own = accounts.alias()
    pool = (
        select(nearest_pool(own))
        .where(own.c.master_id == budget.c.master_id, own.c.id == budget.c.account_id)
        .correlate(budget)
        .scalar_subquery()
    )
    return credit_used(budget.c.master_id, budget.c.account_id, pool)


def sends_used(master_id: _Id, account_id: _Id, subscriber_id: _Id | None = None) -> ColumnElement[int]:
    """Sends of an account and all below it in current cycles, or in that of one subscription.

    Whoever takes a plan of its own in the middle of a cycle has sends in two that are current.
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

    Lapsed reservations are left out; with `lapsed_of` those of that subscription alone.
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


def kept_sends(budget: FromClause, child: FromClause) -> ColumnElement[int]:
    """What is left of a guarantee in the cycle of the account above, in sends."""
    left = budget.c.guarantee - sends_used(child.c.master_id, child.c.id, child.c.parent_id)
    return func.greatest(left, _ZERO)


def promised_sends(budget: FromClause, child: FromClause) -> ColumnElement[bool]:
    """Whether a guarantee holds: a closed account has none, nor one that has a plan of its own."""
    subscription = subscriptions.alias()
    own_plan = exists(
        select(subscription.c.account_id)
        .where(
            subscription.c.master_id == child.c.master_id,
            subscription.c.account_id == child.c.id,
            has_begun(subscription),
        )
        .correlate_except(subscription)
    )
    return and_(
        budget.c.currency == BudgetCurrency.SENDS.value,
        budget.c.guarantee > _ZERO,
        budget.c.master_id == child.c.master_id,
        budget.c.account_id == child.c.id,
        child.c.status != AccountStatus.CLOSED.value,
        ~own_plan,
    )


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
            rows.join(cycle, and_(cycle.c.master_id == rows.c.master_id, cycle.c.id == rows.c.cycle_id)).join(
                below,
                and_(below.c.master_id == rows.c.master_id, below.c.descendant_id == rows.c.account_id),
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


def _budget_of(account: FromClause, currency: BudgetCurrency) -> Select[Any]:
    budget = budgets.alias()
    return select(*budget.c).where(
        budget.c.master_id == account.c.master_id,
        budget.c.account_id == account.c.id,
        budget.c.currency == literal_column(f"'{currency.value}'"),
    )
