"""Mutations of block lists."""

import strawberry

from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, present
from models.block_list.tables import BlockReason
from resolvers.block_list import add, remove
from resolvers.block_list.add import BlockAddOutcome
from resolvers.block_list.remove import BlockRemoveOutcome
from resolvers.inputs.addresses import MOST_ADDRESSES
from resolvers.inputs.text import visible_text
from schema.block_list.entries import read_named
from schema.fields.addresses import PHONE_COUNTRY, read_given
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform, refused

_ADDRESSES = (
    f"1 to {MOST_ADDRESSES:,} e-mail addresses, phone numbers, or hashes. A hash is the SHA-256 of an "
    "address in its canonical form, in lower-case hexadecimal."
)


@strawberry.input(description="Addresses that the account, and all accounts below it, never write to again.")
class BlockListAddInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    addresses: list[str] = strawberry.field(description=_ADDRESSES)
    reason: BlockReason = strawberry.field(default=BlockReason.MANUAL, description="Why they are blocked.")
    source: str | None = strawberry.field(
        default=None,
        description="Where they came from, such as the name of a file: one line of 1 to 200 characters.",
    )
    phone_country: str | None = strawberry.field(default=None, description=PHONE_COUNTRY)


@strawberry.input(description="Entries to remove from the account's own block list.")
class BlockListRemoveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    entries: list[str] = strawberry.field(
        description=f"1 to {MOST_ADDRESSES:,} e-mail addresses, phone numbers, hashes, or ids of entries."
    )
    phone_country: str | None = strawberry.field(default=None, description=PHONE_COUNTRY)


@strawberry.type(description="What became of one address.", directives=[Public()])
class BlockListAddResult:
    index: int = strawberry.field(description="The position of the address in the input, from 0.")
    outcome: BlockAddOutcome = strawberry.field(description="Whether it was entered.")
    entry_id: strawberry.ID | None = strawberry.field(description="The id of the account's entry.")
    message: str | None = strawberry.field(description="What is wrong with it, for people.")


@strawberry.type(description="What became of one entry.", directives=[Public()])
class BlockListRemoveResult:
    index: int = strawberry.field(description="The position of the entry in the input, from 0.")
    outcome: BlockRemoveOutcome = strawberry.field(description="Whether it was removed.")
    entry_id: strawberry.ID | None = strawberry.field(
        description="The id of the removed entry; null if none was removed."
    )
    blocked_by: strawberry.ID | None = strawberry.field(
        description="The id of the nearest account above that blocks the address; null if there is none, and "
        "for an account outside your reach."
    )
    message: str | None = strawberry.field(
        description="Which account above blocks the address, or what is wrong with the input, for people."
    )


@entity(None)
class BlockListAddPayload(Payload):
    """What became of the addresses."""

    results: list[BlockListAddResult] | None = strawberry.field(
        default=None, description="One for each address, in their order; null if nothing was changed."
    )


@entity(None)
class BlockListRemovePayload(Payload):
    """What became of the entries."""

    results: list[BlockListRemoveResult] | None = strawberry.field(
        default=None, description="One for each entry, in their order; null if nothing was changed."
    )


@strawberry.type
class BlockListMutation:
    @strawberry.mutation(
        directives=needs(Permission.BLOCK_LIST_WRITE),
        description="Enter addresses into the block list of an account. The account and all accounts below "
        "it never write to them again, whatever a recipient or platform support does, until the entry is "
        "removed where it was made. Each address has a result of its own.",
    )
    async def block_list_add(self, info: ContextInfo, input: BlockListAddInput) -> BlockListAddPayload:
        principal = principal_of(info)
        try:
            holder_id = account_id(input.account_id)
            source = None if input.source is None else visible_text(input.source, "source")
            key = info.context.deployment.contact_key
            addresses = await read_given(key, input.addresses, input.phone_country)
            keyring = info.context.deployment.keyring()
        except Refusal as refusal:
            return refused(info, BlockListAddPayload, refusal)

        async def write(session: WriteSession) -> BlockListAddPayload:
            command = add.Blocking(
                account_id=holder_id,
                addresses=addresses,
                reason=input.reason,
                source=source,
                keyring=keyring,
            )
            results = await add.block_addresses(session, principal, command)
            return payload(BlockListAddPayload, results=list(map(_added, range(len(results)), results)))

        return await perform(info, BlockListAddPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.BLOCK_LIST_WRITE),
        description="Remove entries from the account's own block list. An entry of an account above is "
        "refused, and its result says whose it is, as far as you may know. Each entry has a result of its "
        "own.",
    )
    async def block_list_remove(
        self, info: ContextInfo, input: BlockListRemoveInput
    ) -> BlockListRemovePayload:
        principal = principal_of(info)
        try:
            holder_id = account_id(input.account_id)
            key = info.context.deployment.contact_key
            entries = await read_named(key, input.entries, input.phone_country)
        except Refusal as refusal:
            return refused(info, BlockListRemovePayload, refusal)

        async def write(session: WriteSession) -> BlockListRemovePayload:
            command = remove.Lifting(account_id=holder_id, entries=entries)
            results = await remove.lift_entries(session, principal, command)
            shown = list(map(_removed, range(len(results)), results))
            return payload(BlockListRemovePayload, results=shown)

        return await perform(info, BlockListRemovePayload, write)


def _added(index: int, done: add.AddedAddress) -> BlockListAddResult:
    return BlockListAddResult(
        index=index,
        outcome=done.outcome,
        entry_id=_shown(done.entry_id),
        message=done.message,
    )


def _removed(index: int, done: remove.LiftedEntry) -> BlockListRemoveResult:
    return BlockListRemoveResult(
        index=index,
        outcome=done.outcome,
        entry_id=_shown(done.entry_id),
        blocked_by=_shown(_account(done.blocked_by)),
        message=done.message,
    )


def _account(id: AccountId | None) -> str | None:
    return None if id is None else present(Kind.ACCOUNT, id)


def _shown(id: str | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(id)
