"""Credit: an account's own balances, and the pool that it draws from."""

import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from authz.reach.reach import readable_account
from engine.declare.arguments import Described
from models.accounts.tables import CreditMode, accounts
from models.accounts.trees import in_tree
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind, ledger_balances, ledger_entries
from resolvers.rows.shown import rows_of

Moment = Annotated[
    ColumnElement[datetime.datetime],
    Described("A time. Without an offset it is read as UTC."),
]


def of_account(account: FromClause) -> Select[Any]:
    """The account's credit."""
    return rows_of(accounts, account, id="id")


def mode_of(account: FromClause) -> ColumnElement[str]:
    """Whether the account spends its own credit or that of the nearest account above with its own balance. A
    master account always spends its own."""
    own = CreditMode.OWN_BALANCE.value
    return case((account.c.parent_id.is_(None), own), else_=account.c.credit_mode)


def currency_of(account: FromClause) -> ColumnElement[str]:
    """The currency of all amounts in the tree, set in its master account."""
    master = accounts.alias()
    return (
        select(master.c.currency)
        .where(in_tree(master, account, id="master_id"))
        .correlate(account)
        .scalar_subquery()
    )


def balance_of(account: FromClause) -> ColumnElement[int]:
    """The account's own balance; zero while it draws from a pool."""
    return _amount(account, BalanceKind.CREDIT)


def reserved_of(account: FromClause) -> ColumnElement[int]:
    """The credit that is reserved for sends not yet committed."""
    return _amount(account, BalanceKind.RESERVED)


def pool_of(account: FromClause) -> Select[Any]:
    """The account whose credit this account spends: itself, or the nearest account above with its own
    balance; null if it is outside your reach."""
    pool, statement = readable_account()
    return statement.where(pool.c.id == nearest_pool(account), in_tree(pool, account)).limit(1)


def balance_at(account: FromClause, moment: Moment) -> ColumnElement[int]:
    """The account's own credit balance at a past time, by the database's clock."""
    entry = ledger_entries.alias()
    last = (
        select(entry.c.balance_after)
        .where(
            in_tree(entry, account, account_id="id"),
            entry.c.balance == BalanceKind.CREDIT.value,
            entry.c.created_at <= moment,
        )
        .order_by(entry.c.created_at.desc(), entry.c.sequence.desc())
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(last, 0)


def _amount(account: FromClause, kind: BalanceKind) -> ColumnElement[int]:
    balance = ledger_balances.alias()
    amount = (
        select(balance.c.amount)
        .where(in_tree(balance, account, account_id="id"), balance.c.kind == kind.value)
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(amount, 0)
