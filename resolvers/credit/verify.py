"""Recomputing the whole ledger, with the rights of its owner: every chain, balance and transaction (N6)."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.accounts.trees import in_tree
from models.credit.ledger_chain import BookCheck, Books, ChainEntry
from models.credit.tables import ledger_balances, ledger_entries, ledger_transactions, ledgers


@dataclass(frozen=True)
class Fault:
    """A broken rule in a tree. `subject_id`: an account, whose books are wrong, or a transaction."""

    master_id: uuid.UUID
    subject_id: uuid.UUID
    what: str

    def __str__(self) -> str:
        return f"{self.subject_id}: {self.what}"


async def audit(connection: AsyncConnection) -> AsyncIterator[Fault]:
    """Yield all faults of all trees; none: the books are right. Reads one snapshot, entry by entry.

    The connection must see all trees and must not have begun a transaction.
    """
    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    for master_id, books in await _all_books(connection):
        check = BookCheck()
        async with connection.stream(_entries_of(books.account_id)) as entries:
            async for row in entries:
                for what in check.entry(_chain_entry(row)):
                    yield Fault(master_id, books.account_id, what)
        for what in check.end(books):
            yield Fault(master_id, books.account_id, what)
    for row in await connection.execute(_UNBALANCED):
        yield Fault(row.master_id, row.id, "the transaction's entries do not sum to zero")


async def _all_books(connection: AsyncConnection) -> list[tuple[uuid.UUID, Books]]:
    """The books of every account, each behind its tree."""
    balances: dict[uuid.UUID, dict[str, int]] = {}
    for row in await connection.execute(select(ledger_balances)):
        balances.setdefault(row.account_id, {})[row.kind] = row.amount
    return [
        (row.master_id, Books(row.account_id, row.entry_count, row.head, balances.get(row.account_id, {})))
        for row in await connection.execute(select(ledgers).order_by(ledgers.c.account_id))
    ]


def _entries_of(account_id: uuid.UUID) -> Select[Any]:
    transaction = ledger_transactions
    of = in_tree(transaction, ledger_entries, id="transaction_id")
    return (
        select(*ledger_entries.c, transaction.c.kind, transaction.c.memo)
        .join_from(ledger_entries, transaction, of)
        .where(ledger_entries.c.account_id == account_id)
        .order_by(ledger_entries.c.sequence)
    )


def _chain_entry(row: Row[*tuple[Any, ...]]) -> ChainEntry:
    return ChainEntry(
        account_id=row.account_id,
        sequence=row.sequence,
        transaction_id=row.transaction_id,
        kind=row.kind,
        balance=row.balance,
        amount=row.amount,
        balance_after=row.balance_after,
        created_at=row.created_at,
        memo=row.memo,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


_OF_TRANSACTION = in_tree(ledger_entries, ledger_transactions, transaction_id="id")
_UNBALANCED = (
    select(ledger_transactions.c.master_id, ledger_transactions.c.id)
    .join_from(ledger_transactions, ledger_entries, _OF_TRANSACTION, isouter=True)
    .group_by(ledger_transactions.c.master_id, ledger_transactions.c.id)
    .having(func.coalesce(func.sum(ledger_entries.c.amount), -1) != 0)
)
