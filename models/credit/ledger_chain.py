"""How an entry's hash is made, and how an account's books are checked. Needs no database."""

import datetime
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from models.credit.tables import GENESIS

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True)
class ChainEntry:
    """An entry, with what is hashed of its transaction. Amounts are in micro-units."""

    account_id: uuid.UUID
    sequence: int
    transaction_id: uuid.UUID
    kind: str
    """The transaction's kind."""
    balance: str
    amount: int
    balance_after: int
    created_at: datetime.datetime
    memo: str | None
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Books:
    """An account's current books: the number of entries, the last entry's hash, the balances."""

    account_id: uuid.UUID
    entry_count: int
    head: bytes
    balances: dict[str, int]


def entry_hash(entry: ChainEntry) -> bytes:
    """SHA-256 of the previous hash and, in UTF-8 and separated by bars: account, sequence, transaction, its
    kind, balance, amount, balance after, microseconds since 1970, memo. Whoever sees the entry sees all of
    these. The log of events says who posted it."""
    parts = (
        entry.account_id,
        entry.sequence,
        entry.transaction_id,
        entry.kind,
        entry.balance,
        entry.amount,
        entry.balance_after,
        (entry.created_at - _EPOCH) // _MICROSECOND,
        entry.memo or "",
    )
    return hashlib.sha256(entry.previous_hash + "|".join(map(str, parts)).encode()).digest()


class BookCheck:
    """Checks an account's entries in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._head = GENESIS
        self._sums: dict[str, int] = {}

    def entry(self, entry: ChainEntry) -> Iterator[str]:
        """The faults of the next entry."""
        self._count += 1
        balance = self._sums[entry.balance] = self._sums.get(entry.balance, 0) + entry.amount
        if entry.sequence != self._count:
            yield f"entry {self._count} is missing"
            self._count = entry.sequence
        if entry.previous_hash != self._head:
            yield f"entry {entry.sequence} does not follow the one before it"
        if entry.hash != entry_hash(entry):
            yield f"entry {entry.sequence} was changed"
        if entry.balance_after != balance:
            yield f"entry {entry.sequence} has another balance than the sum of the entries"
        self._head = entry.hash

    def end(self, books: Books) -> Iterator[str]:
        """The faults after the last entry."""
        if (self._count, self._head) != (books.entry_count, books.head):
            yield "the last entries are missing"
        for kind in sorted(self._sums.keys() | books.balances.keys()):
            if self._sums.get(kind, 0) != books.balances.get(kind, 0):
                yield f"the balance {kind} is not the sum of its entries"
