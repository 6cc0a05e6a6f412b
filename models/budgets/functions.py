"""The stored function that says what a pool keeps free for accounts directly below it."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Uuid, and_, cast, func, literal_column, select

from engine.compiled.sql_text import prepared
from models.accounts.tables import AccountStatus, CreditMode, accounts
from models.base.stored_functions import functions_in
from models.budgets.tables import BudgetCurrency, budgets
from models.budgets.use import credit_used
from models.credit.pools import has_own_balance

_ZERO = literal_column("0", BigInteger)


def _argument(name: str) -> ColumnElement[Any]:
    return literal_column(name, Uuid)


def _kept() -> Select[Any]:
    """What is left of each guarantee of credit that the pool gave to an account directly below it."""
    tree, pool, subscriber = _argument("tree"), _argument("pool"), _argument("subscriber")
    budget, child, holder = budgets.alias("budget"), accounts.alias("child"), accounts.alias("holder")
    left = budget.c.guarantee - credit_used(tree, child.c.id, pool, subscriber)
    return (
        select(child.c.id, cast(func.greatest(left, _ZERO), BigInteger))
        .select_from(budget)
        .join(child, and_(child.c.master_id == tree, child.c.id == budget.c.account_id))
        .join(holder, and_(holder.c.master_id == tree, holder.c.id == child.c.parent_id))
        .where(
            budget.c.master_id == tree,
            budget.c.currency == BudgetCurrency.CREDIT.value,
            budget.c.guarantee > _ZERO,
            child.c.parent_id == pool,
            child.c.credit_mode == CreditMode.SHARED_POOL.value,
            child.c.status != AccountStatus.CLOSED.value,
            has_own_balance(holder),
        )
    )


FUNCTIONS = functions_in(__package__, "kept_credit", kept=prepared(_kept()).sql)
