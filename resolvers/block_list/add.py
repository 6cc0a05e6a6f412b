"""Entering addresses into the block list of an account (R75, R76)."""

import asyncio
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, LargeBinary, Text, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from models.base.ids import AccountId, new_id
from models.block_list.tables import BlockReason, block_entries
from resolvers.block_list.entry_ids import present_entry
from resolvers.block_list.sealed_addresses import SealedAddress, seal_address
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.sealing.keyring import Keyring
from resolvers.settings.phone_country import in_default_country


class BlockAddOutcome(enum.Enum):
    """What became of an address that was to be blocked."""

    ADDED = "ADDED"
    ALREADY_BLOCKED = "ALREADY_BLOCKED"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True)
class Blocking:
    """Addresses to enter, with what is kept of each."""

    account_id: AccountId
    addresses: Sequence[Address | AddressFault]
    reason: BlockReason
    source: str | None
    keyring: Keyring


@dataclass(frozen=True)
class AddedAddress:
    """Of one address. `entry_id`: of the entry of this account that has it."""

    outcome: BlockAddOutcome
    entry_id: str | None = None
    message: str | None = None


async def block_addresses(
    session: WriteSession, principal: Principal, command: Blocking
) -> list[AddedAddress]:
    """Enter each address that the account has not entered yet. What an account above has entered can be
    entered here too.

    Needs BLOCK_LIST_WRITE. It only takes away, so it is allowed in any status of the account.
    """
    account = await authorize_shared(
        session, principal, command.account_id, Permission.BLOCK_LIST_WRITE, WriteKind.TAKES_AWAY
    )
    addresses = await in_default_country(session, account, command.addresses)
    # Of an address that was given twice the first spelling is kept.
    given = {each.digest: each for each in reversed(addresses) if isinstance(each, Address)}
    async with in_data_plane(session, account):
        made = NewEntries(list(given.values()), command.reason, command.source, command.keyring, principal)
        added = await add_entries(session, account, made)
        known = await _known(session, account, list(given.keys() - added.keys()))
    results: list[AddedAddress] = []
    for each in addresses:
        if isinstance(each, AddressFault):
            results.append(AddedAddress(BlockAddOutcome.MALFORMED, message=each.message))
            continue
        # An address that was given twice was entered by the first of them.
        new = added.pop(each.digest, None)
        outcome = BlockAddOutcome.ALREADY_BLOCKED if new is None else BlockAddOutcome.ADDED
        known.setdefault(each.digest, new)
        results.append(AddedAddress(outcome, _shown(account, known[each.digest])))
    await _log(session, principal, account, command, results)
    return results


def _shown(account: Authorized, id: uuid.UUID | None) -> str | None:
    return None if id is None else present_entry(account.account_id, id)


@dataclass(frozen=True)
class NewEntries:
    """Entries of one account, each address once. `maker`: who enters them; nobody, for complaints alone."""

    addresses: Sequence[Address]
    reason: BlockReason
    source: str | None
    keyring: Keyring
    maker: Actor


async def add_entries(session: WriteSession, account: Place, new: NewEntries) -> dict[bytes, uuid.UUID]:
    """The new entries' ids, by their digests. In the order of the digests, so that two requests for the same
    addresses wait for each other, and never in a circle. The caller is in the data plane."""
    if not new.addresses:
        return {}
    addresses = sorted(new.addresses, key=lambda each: each.digest)
    ids = [new_id() for _ in addresses]
    sealed = await asyncio.to_thread(_sealed, new.keyring, account, ids, addresses)
    given = func.unnest(
        literal(ids, ARRAY(Uuid)),
        literal([each.digest for each in addresses], ARRAY(LargeBinary)),
        literal([each.address for each in sealed], ARRAY(LargeBinary)),
        literal([each.hash for each in sealed], ARRAY(LargeBinary)),
    )
    rows = given.table_valued("id", "digest", "sealed_address", "sealed_hash").render_derived()
    values = {
        "master_id": literal(account.master_id, Uuid),
        "account_id": literal(account.account_id, Uuid),
        **{column.name: column for column in rows.c},
        "reason": literal(new.reason.value, Text),
        "source": literal(new.source, Text),
        "user_id": literal(new.maker.user_id, Uuid),
        "api_key_id": literal(new.maker.api_key_id, Uuid),
    }
    statement = (
        upsert(block_entries)
        .from_select(list(values), select(*values.values()))
        .on_conflict_do_nothing()
        .returning(block_entries.c.digest, block_entries.c.id)
    )
    return {row.digest: row.id for row in await session.execute(statement)}


def _sealed(
    keyring: Keyring, account: Place, ids: Sequence[uuid.UUID], addresses: Sequence[Address]
) -> list[SealedAddress]:
    return [seal_address(keyring, account, *each) for each in zip(ids, addresses, strict=True)]


async def _known(
    session: WriteSession, account: Authorized, digests: list[bytes]
) -> dict[bytes, uuid.UUID | None]:
    """The ids of the account's entries with these digests. One that was removed meanwhile is missing."""
    if not digests:
        return {}
    entry = block_entries.c
    wanted = func.unnest(literal(digests, ARRAY(LargeBinary))).table_valued("digest").render_derived()
    statement = select(entry.digest, entry.id).where(
        entry.master_id == account.master_id,
        entry.account_id == account.account_id,
        entry.digest == wanted.c.digest,
    )
    return {row.digest: row.id for row in await session.execute(statement)}


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    command: Blocking,
    results: Sequence[AddedAddress],
) -> None:
    number = sum(result.outcome is BlockAddOutcome.ADDED for result in results)
    if number:
        after: Change = {"entries": number, "reason": command.reason.value}
        await record_of_account(session, principal, account, EventType.BLOCK_LIST_ADDED, None, after)
