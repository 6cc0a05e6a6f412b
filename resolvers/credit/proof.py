"""Proof of an account's books, for viewers of its credit (N6)."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, cast, func, select

from models.accounts.trees import in_tree
from models.credit.tables import GENESIS, ledger_balances, ledger_entries, ledgers
from resolvers.credit.reads import of_account


def proof_of(account: FromClause) -> Select[Any]:
    """Proof of the account's ledger: the head of its chain of entries, and each balance with the sum of its
    entries. It can be checked without any other account."""
    return of_account(account)


def entry_count_of(account: FromClause) -> ColumnElement[int]:
    """The number of entries. They are numbered from 1 without gaps."""
    return func.coalesce(_of_ledger(account, ledgers.c.entry_count), 0)


def head_of(account: FromClause) -> ColumnElement[bytes]:
    """The hash of the last entry, in hexadecimal; zeros before the first."""
    return func.coalesce(_of_ledger(account, ledgers.c.head), GENESIS)


def balances_of(account: FromClause) -> Select[Any]:
    """Each balance with the sum of its entries. If they differ, the ledger was tampered with."""
    balance, entry = ledger_balances.alias(), ledger_entries.alias()
    entries_sum = (
        select(cast(func.coalesce(func.sum(entry.c.amount), 0), BigInteger))
        .where(in_tree(entry, balance, account_id="account_id", balance="kind"))
        .correlate(balance)
        .scalar_subquery()
    )
    return select(*balance.c, entries_sum.label("entries_sum")).where(
        in_tree(balance, account, account_id="id")
    )


def _of_ledger(account: FromClause, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(column).where(in_tree(ledgers, account, account_id="id")).correlate(account).scalar_subquery()
    )
