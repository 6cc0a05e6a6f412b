"""Lifting block entries, where they were entered (R68, T27)."""

import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, LargeBinary, Uuid, any_, delete, literal, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, IdInAccount
from models.block_list.tables import block_entries
from resolvers.block_list.entry_ids import present_entry
from resolvers.block_list.paths import ABOVE, AccountAbove, read_named_path
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.settings.phone_country import in_default_country

Named = Address | IdInAccount | AddressFault
"""What names an entry: an address, a hash, or the entry's id."""


class BlockRemoveOutcome(enum.Enum):
    """What became of an entry that was to be lifted."""

    REMOVED = "REMOVED"
    INHERITED = "INHERITED"
    NOT_BLOCKED = "NOT_BLOCKED"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True)
class Lifting:
    """Entries to lift in an account."""

    account_id: AccountId
    entries: Sequence[Named]


@dataclass(frozen=True)
class LiftedEntry:
    """Of one of them. `entry_id`: of the entry that was lifted. `blocked_by`: the nearest account above that
    still blocks the address, as far as the caller may know."""

    outcome: BlockRemoveOutcome
    entry_id: str | None = None
    blocked_by: AccountId | None = None
    message: str | None = None


async def lift_entries(session: WriteSession, principal: Principal, command: Lifting) -> list[LiftedEntry]:
    """Lift the account's own entries. One of an account above stays: nobody lifts it from below (T27).

    Needs BLOCK_LIST_WRITE.
    """
    account = await authorize_shared(session, principal, command.account_id, Permission.BLOCK_LIST_WRITE)
    path = await read_named_path(session, principal, account)
    above = [each for each in path if each != account.account_id]
    entries = await in_default_country(session, account, command.entries)
    ids = [each.id for each in entries if isinstance(each, IdInAccount)]
    async with in_data_plane(session, account):
        named = await _entries(session, account, list(path), ids)
        wanted = [_Wanted.of(each, named, account) for each in entries]
        lifted = await _delete(session, account, [each.digest for each in wanted if each.lifts])
        blocking = await _blocking(session, account, above, [each.digest for each in wanted])
    results = []
    for each in wanted:
        by = next((path[above_id] for above_id in above if (above_id, each.digest) in blocking), None)
        # What was named twice is lifted by the first of them.
        lifted_id = lifted.pop(each.digest, None) if each.lifts else None
        results.append(_lifted_entry(account, each, lifted_id, by))
    await _log(session, principal, account, results)
    return results


@dataclass(frozen=True)
class _Entry:
    """An entry of the account, or of one above."""

    account_id: AccountId
    digest: bytes


@dataclass(frozen=True)
class _Wanted:
    """`digest`: empty for what names no entry. `lifts`: whether it names an entry of the account itself."""

    digest: bytes
    lifts: bool
    fault: str | None = None

    @classmethod
    def of(cls, named: Named, entries: Mapping[uuid.UUID, _Entry], account: Authorized) -> "_Wanted":
        if isinstance(named, AddressFault):
            return cls(b"", lifts=False, fault=named.message)
        if not isinstance(named, IdInAccount):
            return cls(named.digest, lifts=True)
        entry = entries.get(named.id)
        # The id has the account that made the entry, or where that is out of reach, the one it is seen in.
        if entry is None or named.account_id not in (entry.account_id, account.account_id):
            return cls(b"", lifts=False)
        return cls(entry.digest, lifts=entry.account_id == account.account_id)


def _lifted_entry(
    account: Authorized, wanted: _Wanted, lifted_id: uuid.UUID | None, by: AccountAbove | None
) -> LiftedEntry:
    if wanted.fault is not None:
        return LiftedEntry(BlockRemoveOutcome.MALFORMED, message=wanted.fault)
    entry_id = None if lifted_id is None else present_entry(account.account_id, lifted_id)
    if by is None:
        outcome = BlockRemoveOutcome.NOT_BLOCKED if entry_id is None else BlockRemoveOutcome.REMOVED
        return LiftedEntry(outcome, entry_id)
    name, known_id = (ABOVE, None) if by.name is None else (by.name, by.id)
    message = f"It is on the block list of {name}, and can only be removed there."
    outcome = BlockRemoveOutcome.INHERITED if entry_id is None else BlockRemoveOutcome.REMOVED
    return LiftedEntry(outcome, entry_id, known_id, message)


async def _entries(
    session: WriteSession, account: Authorized, path: list[AccountId], ids: list[uuid.UUID]
) -> dict[uuid.UUID, _Entry]:
    if not ids:
        return {}
    entry = block_entries.c
    statement = select(entry.account_id, entry.id, entry.digest).where(
        entry.master_id == account.master_id,
        entry.account_id == any_(literal(path, ARRAY(Uuid))),
        entry.id == any_(literal(ids, ARRAY(Uuid))),
    )
    rows = await session.execute(statement)
    return {row.id: _Entry(AccountId(row.account_id), row.digest) for row in rows}


async def _delete(session: WriteSession, account: Authorized, digests: list[bytes]) -> dict[bytes, uuid.UUID]:
    """The ids of the entries that were deleted, by their digests. They are locked in the order in which
    others are made."""
    if not digests:
        return {}
    entry = block_entries.c
    own = (entry.master_id == account.master_id, entry.account_id == account.account_id)
    locked = (
        select(entry.id)
        .where(*own, entry.digest == any_(literal(digests, ARRAY(LargeBinary))))
        .order_by(entry.digest)
        .with_for_update()
        .cte("locked")
    )
    statement = delete(block_entries).where(*own, entry.id == locked.c.id).returning(entry.digest, entry.id)
    return {row.digest: row.id for row in await session.execute(statement)}


async def _blocking(
    session: WriteSession, account: Authorized, above: list[AccountId], digests: list[bytes]
) -> set[tuple[AccountId, bytes]]:
    """Which of the accounts above block which of these."""
    if not above or not digests:
        return set()
    entry = block_entries.c
    statement = select(entry.account_id, entry.digest).where(
        entry.master_id == account.master_id,
        entry.digest == any_(literal(digests, ARRAY(LargeBinary))),
        entry.account_id == any_(literal(above, ARRAY(Uuid))),
    )
    return {(AccountId(row.account_id), row.digest) for row in await session.execute(statement)}


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    results: Sequence[LiftedEntry],
) -> None:
    number = sum(result.outcome is BlockRemoveOutcome.REMOVED for result in results)
    if number:
        before: Change = {"entries": number}
        await record_of_account(session, principal, account, EventType.BLOCK_LIST_REMOVED, before)
