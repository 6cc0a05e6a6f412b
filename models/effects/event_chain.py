"""The chain of hashes of an account's log: its tables, and how a hash is made and checked.

Events are sealed in their order by a worker, shortly after their transactions: a lock on a chain's head in
the writing transaction would let all sends of an account wait for each other. A seal names its number, the
hash of the one before, and the event's content. It commits to each column of the event by a salted digest. So
who may not see a value can still check the chain, and learns nothing of the value.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    Uuid,
    text,
)

from models.base.columns import Column, account_columns, account_reference
from models.base.planes import control_table

GENESIS = bytes(32)
"""The previous hash of the first seal."""

_NO_ID = "'00000000-0000-0000-0000-000000000000'"

log_sealing = control_table(
    "log_sealing",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one log."),
    Column("transaction_id", BigInteger, nullable=False, server_default=text("0")),
    Column("event_id", Uuid, nullable=False, server_default=text(_NO_ID)),
    CheckConstraint("id = 1", name="one"),
    comment="The place of the last event that is sealed. Who seals locks this row.",
)

event_chains = control_table(
    "event_chains",
    *account_columns(),
    Column("event_count", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False, comment="The hash of the last seal."),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
)

event_seals = control_table(
    "event_seals",
    *account_columns(),
    Column("number", BigInteger, nullable=False, comment="From 1 without gaps."),
    Column("event_id", Uuid, nullable=False),
    Column("salt", LargeBinary, nullable=False, comment="32 random bytes, of which each digest has its own."),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("master_id", "account_id", "number"),
    UniqueConstraint("master_id", "event_id"),
    ForeignKeyConstraint(["master_id", "account_id"], ["event_chains.master_id", "event_chains.account_id"]),
    comment="A seal outlives its event: so a missing event is found.",
)

PARTS: Mapping[str, str] = {
    "id": "event.id::text",
    "masterId": "event.master_id::text",
    "transaction": "event.transaction_id::text",
    "type": "event.type",
    "subjectId": "event.subject_id",
    "createdAt": "(extract(epoch FROM event.created_at) * 1000000)::bigint::text",
    "actorUserId": "event.actor_user_id::text",
    "actorApiKeyId": "event.actor_api_key_id::text",
    "actorTokenId": "event.actor_token_id::text",
    "actorAccountId": "event.actor_account_id::text",
    "byBreakGlass": "event.by_break_glass::text",
    "staffUserId": "event.staff_user_id::text",
    "reason": "event.reason",
    "before": "event.before::text",
    "after": "event.after::text",
    "access": "event.access::text",
}
"""What a seal commits to, in its order: the name, and its text in SQL, of which `event` is a row."""


@dataclass(frozen=True)
class Seal:
    """A seal as it is stored."""

    account_id: uuid.UUID
    number: int
    salt: bytes
    previous_hash: bytes
    hash: bytes


def part_salt(salt: bytes, name: str) -> bytes:
    """The salt of one part: SHA-256 of the event's salt and the part's name."""
    return hashlib.sha256(salt + name.encode()).digest()


def part_digest(salt: bytes, value: str | None) -> bytes:
    """SHA-256 of the part's salt and, unless it is null, an equals sign and the value in UTF-8."""
    return hashlib.sha256(salt + (b"" if value is None else b"=" + value.encode())).digest()


def seal_hash(previous_hash: bytes, account_id: uuid.UUID, number: int, digests: Sequence[bytes]) -> bytes:
    """SHA-256 of the previous hash and, in ASCII and separated by bars: the account, the number, and the
    digests of all parts in their order, in hexadecimal."""
    parts = (account_id, number, *(digest.hex() for digest in digests))
    return hashlib.sha256(previous_hash + "|".join(map(str, parts)).encode()).digest()


class ChainCheck:
    """Checks an account's seals in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._head = GENESIS

    def seal(self, seal: Seal, event: Mapping[str, str | None] | None) -> Iterator[str]:
        """The faults of the next seal. `event`: the text of each part; None: there is no such event."""
        self._count += 1
        if seal.number != self._count:
            yield f"seal {self._count} is missing"
            self._count = seal.number
        if seal.previous_hash != self._head:
            yield f"seal {seal.number} does not follow the one before it"
        if event is None:
            yield f"event {seal.number} was deleted"
        else:
            digests = [part_digest(part_salt(seal.salt, name), event[name]) for name in PARTS]
            if seal.hash != seal_hash(seal.previous_hash, seal.account_id, seal.number, digests):
                yield f"event {seal.number} was changed"
        self._head = seal.hash

    def end(self, event_count: int, head: bytes) -> Iterator[str]:
        """The faults after the last seal."""
        if (self._count, self._head) != (event_count, head):
            yield "the last seals are missing"
