"""Credit as those who may see it see it: an account's own balances, and the pool that it draws from."""

import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from authz.reach.reach import readable_account
from engine.declare.arguments import Described
from models.accounts.tables import CreditMode, accounts
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind, ledger_balances, ledger_entries

Moment = Annotated[
    ColumnElement[datetime.datetime],
    Described("A point in time; without an offset it is taken as UTC."),
]


def of_account(account: FromClause) -> Select[Any]:
    """The account's credit."""
    own = accounts.alias()
    return select(*own.c).where(own.c.id == account.c.id, own.c.master_id == account.c.master_id)


def mode_of(account: FromClause) -> ColumnElement[str]:
    """Whose credit the account spends: its own, or that of the nearest account above with a balance of its
    own. A master account always spends its own."""
    own = CreditMode.OWN_BALANCE.value
    return case((account.c.parent_id.is_(None), own), else_=account.c.credit_mode)


def currency_of(account: FromClause) -> ColumnElement[str]:
    """The currency of all amounts in the account's tree; set when its master account was made."""
    master = accounts.alias()
    return (
        select(master.c.currency)
        .where(master.c.id == account.c.master_id, master.c.master_id == account.c.master_id)
        .correlate(account)
        .scalar_subquery()
    )


def balance_of(account: FromClause) -> ColumnElement[int]:
    """What the account itself has to spend. Zero while it draws from a pool."""
    return _amount(account, BalanceKind.CREDIT)


def reserved_of(account: FromClause) -> ColumnElement[int]:
    """What is set aside for sends that are under way."""
    return _amount(account, BalanceKind.RESERVED)


def pool_of(account: FromClause) -> Select[Any]:
    """The account whose credit is spent here: itself, or the nearest above with a balance of its own; null
    where that is outside the viewer's reach."""
    pool, statement = readable_account()
    return statement.where(pool.c.id == nearest_pool(account), pool.c.master_id == account.c.master_id).limit(
        1
    )


def at(account: FromClause, moment: Moment) -> ColumnElement[int]:
    """What the account itself had to spend at a past moment, by the database's clock."""
    entry = ledger_entries.alias()
    last = (
        select(entry.c.balance_after)
        .where(
            entry.c.account_id == account.c.id,
            entry.c.master_id == account.c.master_id,
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
        .where(
            balance.c.account_id == account.c.id,
            balance.c.master_id == account.c.master_id,
            balance.c.kind == kind.value,
        )
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(amount, 0)
