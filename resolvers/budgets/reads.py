"""Budgets: what accounts have used of them, and what is guaranteed, as SQL (R28, N10, T18)."""

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

from engine.base.client_values import text
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.budgets.tables import BudgetCurrency, budgets
from models.budgets.use import credit_used, sends_used
from models.credit.pools import nearest_pool
from models.plans.tables import subscriptions
from resolvers.plans.reads import has_begun

_Id = ColumnElement[uuid.UUID]
_ZERO = literal_column("0", BigInteger)


def sends_of(account: FromClause) -> Select[Any]:
    """The cap and guarantee of sends for the account and everything below it; null if none was set."""
    return _budget_of(account, BudgetCurrency.SENDS)


def credit_of(account: FromClause) -> Select[Any]:
    """The cap and guarantee of credit for the account and everything below it, in the pool that it draws
    from; null if none was set."""
    return _budget_of(account, BudgetCurrency.CREDIT)


def sends_used_of(budget: FromClause) -> ColumnElement[int]:
    """The sends of the account and everything below it in their current billing cycles, whichever plan they
    used."""
    return sends_used(budget.c.master_id, budget.c.account_id)


def credit_used_of(budget: FromClause) -> ColumnElement[int]:
    """The credit that the account and everything below it have taken from the pool in their current billing
    cycles."""
    own = accounts.alias()
    pool = (
        select(nearest_pool(own))
        .where(in_tree(own, budget, id="account_id"))
        .correlate(budget)
        .scalar_subquery()
    )
    return credit_used(budget.c.master_id, budget.c.account_id, pool)


def kept_sends(budget: FromClause, child: FromClause) -> ColumnElement[int]:
    """What is left of a guarantee in the cycle of the account above, in sends."""
    left = budget.c.guarantee - sends_used(child.c.master_id, child.c.id, child.c.parent_id)
    return func.greatest(left, _ZERO)


def guarantee_holds(budget: FromClause, child: FromClause) -> ColumnElement[bool]:
    """Whether a guarantee holds. A closed account has none, nor one with a plan of its own."""
    subscription = subscriptions.alias()
    own_plan = exists(
        select(subscription.c.account_id)
        .where(in_tree(subscription, child, account_id="id"), has_begun(subscription))
        .correlate_except(subscription)
    )
    return and_(
        budget.c.currency == BudgetCurrency.SENDS.value,
        budget.c.guarantee > _ZERO,
        in_tree(budget, child, account_id="id"),
        child.c.status != AccountStatus.CLOSED.value,
        ~own_plan,
    )


def _budget_of(account: FromClause, currency: BudgetCurrency) -> Select[Any]:
    budget = budgets.alias()
    return select(*budget.c).where(
        in_tree(budget, account, account_id="id"), budget.c.currency == text(currency.value)
    )
