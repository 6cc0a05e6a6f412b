"""The ledger, as viewers of an account's credit see it. `resolvers.credit.post` writes it."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.credit.tables import ledger_entries, ledger_transactions
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import rows_of

BY_SEQUENCE = Order("ledgerEntries", (ledger_entries.c.sequence,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """Every change of the account's balances, newest first."""
    return rows_of(ledger_entries, account, account_id="id")


def of_transaction(transaction: FromClause) -> Select[Any]:
    """The entries in accounts whose credit you may see."""
    entry = ledger_entries.alias()
    return select(*entry.c).where(
        in_tree(entry, transaction, transaction_id="id"), account_where(entry, Permission.CREDIT_READ)
    )


def transaction_of(entry: FromClause) -> Select[Any]:
    """The transaction that it belongs to."""
    return rows_of(ledger_transactions, entry, id="transaction_id")


def transaction_by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.LEDGER_TRANSACTION)]) -> Select[Any]:
    """A transaction with an entry in an account whose credit the viewer may see."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(transaction.c.id == id, _seen(transaction))


def transaction_of_result(result: FromClause) -> Select[Any]:
    """The ledger transaction."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(transaction.c.id == result.c.transaction_id, _seen(transaction))


def _seen(transaction: FromClause) -> ColumnElement[bool]:
    entry = ledger_entries.alias()
    return exists(
        select(entry.c.sequence)
        .where(in_tree(entry, transaction, transaction_id="id"), account_where(entry, Permission.CREDIT_READ))
        .correlate(transaction)
    )
