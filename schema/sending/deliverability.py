"""Whether addresses can be sent to, and if not, why."""

import datetime
from collections.abc import Sequence
from typing import Annotated

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from engine.base.field_errors import absent, forbidden
from engine.base.marks import Requires
from engine.declare.declarations import entity, to_one
from engine.declare.entity_objects import row_object
from models.base.ids import AccountId, Kind, parse
from models.block_list.tables import BlockReason
from models.sending.tables import SendStream
from models.suppressions.tables import BounceKind
from resolvers.accounts import reads as accounts
from resolvers.inputs.addresses import MOST_ADDRESSES, Address, AddressFault, AddressRule, rules_of
from resolvers.sending.deliverability import Excluding, LiftedBy, read_excluding
from resolvers.sending.senders import SeenSender, read_seen_sender
from resolvers.suppressions.exclusions import Exclusion
from schema.fields.addresses import PHONE_COUNTRY, in_a_query, read_of_account
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs
from schema.fields.references import AccountRef
from schema.suppressions.inputs import list_id_of

_ADDRESSES = (
    f"1 to {MOST_ADDRESSES:,} e-mail addresses, phone numbers, or hashes: the SHA-256 of an address in its "
    "canonical form, in lower-case hexadecimal."
)
_LIST = (
    "The contact list that would be sent to. Matters only where an unsubscribe applies to the list "
    "concerned. Left out, only those unsubscribes count there that are not about a list."
)


@entity(None, carries={"account_id": Uuid()}, requires=Permission.BLOCK_LIST_READ)
class AddressExclusion:
    """Something because of which an address is not sent to."""

    cause: Exclusion = strawberry.field(description="What it is.")
    stops: list[SendStream] = strawberry.field(description="The streams on which it counts.")
    since: datetime.datetime = strawberry.field(description="Since when.")
    block_reason: BlockReason | None = strawberry.field(
        description="Why the address is on the block list; null for other causes."
    )
    bounce_kind: BounceKind | None = strawberry.field(
        description="The kind of the bounces; null for other causes."
    )
    is_inherited: bool = strawberry.field(
        description="Whether it is of an account above. Only entries of a block list are."
    )
    account: AccountRef | None = to_one(
        accounts.of_result,
        description="The account that it is of; null for an account above that is outside your reach.",
    )
    lifted_by: LiftedBy = strawberry.field(description="Who can lift it.")


@strawberry.type(
    description="Whether an address can be sent to.",
    directives=[Requires(permission=Permission.BLOCK_LIST_READ.name)],
)
class AddressDeliverability:
    index: int = strawberry.field(description="Its position in the input, from 0.")
    canonical: str | None = strawberry.field(
        description="The form in which it is compared; null for a hash, and for what is no address."
    )
    rules: list[AddressRule] = strawberry.field(
        description="How the canonical form differs from what was given."
    )
    malformed: str | None = strawberry.field(
        description="Why it is no address, for people; null if it is one."
    )
    marketing: bool = strawberry.field(description="Whether it can be sent to on the stream MARKETING.")
    transactional: bool = strawberry.field(
        description="Whether it can be sent to on the stream TRANSACTIONAL."
    )
    exclusions: list[AddressExclusion] = strawberry.field(
        description="All that prevents it. The first one is what `sendReserve` and `sendPreview` name."
    )


@strawberry.type
class DeliverabilityQuery:
    @strawberry.field(
        directives=needs(Permission.BLOCK_LIST_READ),
        description="Whether an account can send to addresses, by the rules that `sendReserve` goes by. For "
        "a phone number it says whether anything forbids a message to it: `sendReserve` takes e-mail "
        "addresses alone, and your own engine sends SMS. Also asks for the permission CONTACTS_READ.",
    )
    async def deliverability(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account that would send.")],
        addresses: Annotated[list[str], strawberry.argument(description=_ADDRESSES)],
        contact_list_id: Annotated[strawberry.ID | None, strawberry.argument(description=_LIST)] = None,
        phone_country: Annotated[str | None, strawberry.argument(description=PHONE_COUNTRY)] = None,
    ) -> list[AddressDeliverability] | None:
        principal_of(info)
        account_key = parse(Kind.ACCOUNT, account_id)
        if account_key is None:
            raise absent("NOT_FOUND", "accountId")
        seen = await _sender(info, AccountId(account_key), contact_list_id)
        with in_a_query():
            key = info.context.deployment.contact_key
            given = await read_of_account(key, addresses, phone_country, seen.path.default_country)
        found = await read_excluding(info.context.reader, seen, given)
        return [
            _malformed(index, each)
            if isinstance(each, AddressFault)
            else _shown(index, text, each, seen, found.get(each.digest, ()))
            for index, (text, each) in enumerate(zip(addresses, given, strict=True))
        ]


async def _sender(info: ContextInfo, account_id: AccountId, list_id: str | None) -> SeenSender:
    """Raises NOT_FOUND and FORBIDDEN."""
    try:
        named = list_id_of(account_id, list_id)
        list_ids = [] if named is None else [named]
        found = await read_seen_sender(info.context.reader, account_id, list_ids)
    except NotFound:
        raise absent("NOT_FOUND", "contactListId") from None
    if found is None:
        raise absent("NOT_FOUND", "accountId")
    for permission in (Permission.BLOCK_LIST_READ, Permission.CONTACTS_READ):
        if not found.path.may(permission):
            raise forbidden(permission)
    return found


def _malformed(index: int, fault: AddressFault) -> AddressDeliverability:
    return AddressDeliverability(
        index=index,
        canonical=None,
        rules=[],
        malformed=fault.message,
        marketing=False,
        transactional=False,
        exclusions=[],
    )


def _shown(
    index: int, text: str, address: Address, seen: SeenSender, found: Sequence[Excluding]
) -> AddressDeliverability:
    stopped = {stream for each in found for stream in each.stops}
    return AddressDeliverability(
        index=index,
        canonical=address.canonical,
        rules=rules_of(text, address),
        malformed=None,
        marketing=SendStream.MARKETING not in stopped,
        transactional=SendStream.TRANSACTIONAL not in stopped,
        exclusions=[_exclusion(seen, each) for each in found],
    )


def _exclusion(seen: SeenSender, each: Excluding) -> AddressExclusion:
    is_block, is_bounce = each.cause is Exclusion.BLOCK_LIST, each.cause is Exclusion.BOUNCE
    return row_object(
        AddressExclusion,
        {"account_id": each.account_id},
        cause=each.cause,
        stops=list(each.stops),
        since=each.since,
        block_reason=BlockReason(each.reason) if is_block else None,
        bounce_kind=BounceKind(each.reason) if is_bounce else None,
        is_inherited=each.account_id != seen.path.account_id,
        lifted_by=each.lifted_by,
    )
