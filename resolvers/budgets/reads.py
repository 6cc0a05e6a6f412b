"""What accounts have used of their budgets, and what is kept free for them, as SQL (R28, N10, T18)."""

import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    exists,
    func,
    literal_column,
    select,
)

from models.accounts.tables import AccountStatus, accounts
from models.budgets.tables import BudgetCurrency, budgets
from models.budgets.use import credit_used, sends_used
from models.credit.pools import nearest_pool
from models.plans.tables import subscriptions
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


def _budget_of(account: FromClause, currency: BudgetCurrency) -> Select[Any]:
    budget = budgets.alias()
    return select(*budget.c).where(
        budget.c.master_id == account.c.master_id,
        budget.c.account_id == account.c.id,
        budget.c.currency == literal_column(f"'{currency.value}'"),
    )
