"""The ledger as those who may see an account's credit see it. What writes it is in `ledger_posting`."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.credit.tables import ledger_entries, ledger_transactions
from resolvers.inputs.global_ids import LedgerTransactionIdArgument

BY_SEQUENCE = Order("ledgerEntries", (ledger_entries.c.sequence,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """What changed the account's balances, newest first."""
    entry = ledger_entries.alias()
    return select(*entry.c).where(
        entry.c.account_id == account.c.id, entry.c.master_id == account.c.master_id
    )


def of_transaction(transaction: FromClause) -> Select[Any]:
    """Its entries, as far as the viewer may see the credit of their accounts."""
    entry = ledger_entries.alias()
    return select(*entry.c).where(
        entry.c.transaction_id == transaction.c.id,
        entry.c.master_id == transaction.c.master_id,
        account_where(entry, Permission.CREDIT_READ),
    )


def transaction_of(entry: FromClause) -> Select[Any]:
    """The transaction that it is a part of."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(
        transaction.c.id == entry.c.transaction_id, transaction.c.master_id == entry.c.master_id
    )


def transaction_by_id(root: FromClause, id: LedgerTransactionIdArgument) -> Select[Any]:
    """A transaction with an entry in an account whose credit the viewer may see."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(transaction.c.id == id, _seen(transaction))


def transaction_of_result(result: FromClause) -> Select[Any]:
    """The transaction."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(transaction.c.id == result.c.transaction_id, _seen(transaction))


def _seen(transaction: FromClause) -> ColumnElement[bool]:
    entry = ledger_entries.alias()
    return exists(
        select(entry.c.sequence)
        .where(
            entry.c.transaction_id == transaction.c.id,
            entry.c.master_id == transaction.c.master_id,
            account_where(entry, Permission.CREDIT_READ),
        )
        .correlate(transaction)
    )
