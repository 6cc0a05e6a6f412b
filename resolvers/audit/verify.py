"""Recomputing the chains of all logs, with the rights of the database's owner."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, and_, exists, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind, present
from models.effects.event_chain import (
    GENESIS,
    PARTS,
    ChainCheck,
    Seal,
    event_chains,
    event_seals,
    log_sealing,
)
from models.effects.events import events


@dataclass(frozen=True)
class Fault:
    """A broken rule in the log of an account."""

    account_id: uuid.UUID
    what: str

    def __str__(self) -> str:
        return f"{present(Kind.ACCOUNT, self.account_id)}: {self.what}"


@dataclass(frozen=True)
class LogEnd:
    """How far the sealed log of an account goes, as its `eventProof` says it. `head`: of 32 bytes."""

    event_count: int
    head: bytes


@dataclass(frozen=True)
class LogsRead:
    """How much the logs hold that were sealed: accounts with an event, and their events."""

    account_count: int
    event_count: int


async def seal_all(connection: AsyncConnection) -> None:
    """Seal what is settled, each batch in a transaction of its own."""
    more = True
    while more:
        more = (await connection.execute(select(func.mandant_seal_events()))).scalar_one()
        await connection.commit()


async def audit(connection: AsyncConnection, account_id: uuid.UUID | None = None) -> AsyncIterator[Fault]:
    """Yield all faults of all logs, or of the account's; none: they hold. Reads one snapshot,
    in which the transaction stays.

    The connection must see all trees and must not have begun a transaction.
    """
    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    chains = select(event_chains).order_by(event_chains.c.account_id)
    for chain in await connection.execute(_of(chains, event_chains.c.account_id, account_id)):
        check, last = ChainCheck(), None
        async with connection.stream(_seals_of(chain.account_id)) as seals:
            async for row in seals:
                event = None if row.found is None else {name: getattr(row, name) for name in PARTS}
                seal = Seal(row.account_id, row.number, row.salt, row.previous_hash, row.hash)
                for what in check.seal(seal, event):
                    yield Fault(chain.account_id, what)
                if row.found is not None:
                    if last is not None and row.place < last:
                        yield Fault(chain.account_id, f"event {row.number} was moved")
                    last = row.place
        for what in check.end(chain.event_count, chain.head):
            yield Fault(chain.account_id, what)
    for bare in await connection.execute(_of(_WITHOUT_A_CHAIN, accounts.c.id, account_id)):
        yield Fault(bare.id, "its log is missing")
    for added in await connection.execute(_of(_UNSEALED, events.c.account_id, account_id)):
        yield Fault(added.account_id, f"event {present(Kind.EVENT, added.id)} was added later")


async def log_end(connection: AsyncConnection, account_id: uuid.UUID) -> LogEnd | None:
    """Where the sealed log of the account ends; None if there is no such account."""
    ends = select(
        func.coalesce(event_chains.c.event_count, 0).label("event_count"),
        func.coalesce(event_chains.c.head, GENESIS).label("head"),
    )
    of = in_tree(event_chains, accounts, account_id="id")
    account = ends.join_from(accounts, event_chains, of, isouter=True).where(accounts.c.id == account_id)
    found = (await connection.execute(account)).first()
    return None if found is None else LogEnd(found.event_count, found.head)


async def logs_read(connection: AsyncConnection) -> LogsRead:
    """How much there is of all accounts."""
    counted = select(func.count(), func.coalesce(func.sum(event_chains.c.event_count), 0))
    account_count, event_count = (await connection.execute(counted.select_from(event_chains))).one()
    return LogsRead(account_count, int(event_count))


def _of(statement: Select[Any], column: Any, account_id: uuid.UUID | None) -> Select[Any]:
    return statement if account_id is None else statement.where(column == account_id)


def _seals_of(account_id: uuid.UUID) -> Select[Any]:
    event = events.alias("event")
    sealed = and_(in_tree(event, event_seals, id="event_id"), event.c.account_id == event_seals.c.account_id)
    return (
        select(
            *event_seals.c,
            event.c.id.label("found"),
            event.c.transaction_id.label("place"),
            *[literal_column(written, Text).label(name) for name, written in PARTS.items()],
        )
        .join_from(event_seals, event, sealed, isouter=True)
        .where(event_seals.c.account_id == account_id)
        .order_by(event_seals.c.number)
    )


_SEALED = in_tree(event_seals, events, event_id="id")
_LAST = log_sealing.c.transaction_id, log_sealing.c.event_id
_UNSEALED = (
    select(events.c.account_id, events.c.id)
    .join_from(events, log_sealing, tuple_(events.c.transaction_id, events.c.id) <= tuple_(*_LAST))
    .outerjoin(event_seals, _SEALED)
    .where(event_seals.c.event_id.is_(None))
)
"""What stands before the last sealed place without a seal."""

_NOT_SEALED_YET = (
    select(events.c.id)
    .where(
        in_tree(events, accounts, account_id="id"),
        ~exists(select(event_seals.c.number).where(_SEALED).correlate(events)),
    )
    .correlate(accounts)
)
_WITHOUT_A_CHAIN = (
    select(accounts.c.id)
    .outerjoin(event_chains, in_tree(event_chains, accounts, account_id="id"))
    .where(event_chains.c.account_id.is_(None), ~exists(_NOT_SEALED_YET))
    .order_by(accounts.c.id)
)
"""Every account has an event at least, that of its creation: so it has a chain, or will have one by the next
seal."""
