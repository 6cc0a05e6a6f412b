"""What an entry's hash is made of, and whether an account's books hold: pure, to be recomputed anywhere."""

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
    """An entry with what of its transaction is hashed. Amounts are in micro-units."""

    account_id: uuid.UUID
    sequence: int
    transaction_id: uuid.UUID
    kind: str
    """Of the transaction."""
    balance: str
    amount: int
    balance_after: int
    created_at: datetime.datetime
    memo: str | None
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True)
class Books:
    """An account's books as they stand: how many entries there are, the last one's hash, the balances."""

    account_id: uuid.UUID
    entry_count: int
    head: bytes
    balances: dict[str, int]


def entry_hash(entry: ChainEntry) -> bytes:
    """SHA-256 of the hash before it and, in UTF-8 and with bars between them: account, sequence,
    transaction, its kind, balance, amount, balance after, microseconds since 1970, memo. All of it is seen
    by whoever sees the entry; who posted it stands in the log of events."""
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
    """Goes through an account's entries in their order, and tells what is wrong with them."""

    def __init__(self) -> None:
        self._count = 0
        self._head = GENESIS
        self._sums: dict[str, int] = {}

    def entry(self, entry: ChainEntry) -> Iterator[str]:
        """What is wrong with the next entry."""
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
            yield f"entry {entry.sequence} tells another balance than the entries so far"
        self._head = entry.hash

    def end(self, books: Books) -> Iterator[str]:
        """What is wrong after the last entry."""
        if (self._count, self._head) != (books.entry_count, books.head):
            yield "the last entries are missing"
        for kind in sorted(self._sums.keys() | books.balances.keys()):
            if self._sums.get(kind, 0) != books.balances.get(kind, 0):
                yield f"the balance {kind} is not the sum of its entries"
