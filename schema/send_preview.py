"""What a reservation would book."""

from typing import Annotated

import strawberry
from graphql import GraphQLError
from sqlalchemy import Uuid

from authz.refusals import Refusal
from engine.declarations import entity, to_one
from engine.field_errors import absent, forbidden
from engine.rules import Public
from models.identifiers import AccountId, Kind, parse
from models.sends import SendStream
from resolvers import accounts
from resolvers.contacts import RecipientFault, Recipients, read_recipients
from resolvers.send_preview import SendWarning, State, may_send, preview, state_of
from resolvers.send_reservations import PERMISSIONS
from schema.accounts import Account
from schema.amounts import MicroAmount
from schema.context import ContextInfo, principal_of
from schema.writes import needs_any, payload


@strawberry.type(description="A recipient that is left out.", directives=[Public()])
class RefusedRecipient:
    index: int = strawberry.field(
        description="Its place in the list, from 0; hashes are counted on after the addresses."
    )
    fault: RecipientFault = strawberry.field(description="Why.")


@entity(None, carries={"account_id": Uuid()})
class SendPreview:
    """What a list would book now. Nothing is booked by it, and others may book in between."""

    recipients: int = strawberry.field(description="How many would be sent to, once each.")
    new_contacts: int = strawberry.field(description="How many of them would become active.")
    active_contacts: int = strawberry.field(description="How many are active already in this cycle.")
    refused: list[RefusedRecipient] = strawberry.field(description="Who would be left out.")
    contacts_left: int = strawberry.field(
        description="How many more could become active after it; below zero: too many."
    )
    sends_left: int = strawberry.field(
        description="How many of the plan's sends would be left to the account after it, without what is "
        "kept for others; below zero: beyond them."
    )
    price: MicroAmount = strawberry.field(description="Of sends beyond the plan's.")
    invoiced_account: Account | None = to_one(
        accounts.of_result, description="Whose subscription it is; null: outside your reach."
    )
    warnings: list[SendWarning] = strawberry.field(
        description="What stands in the way, or makes it cost more; empty: nothing."
    )


@strawberry.type
class SendPreviewQuery:
    @strawberry.field(
        directives=needs_any(PERMISSIONS.values()),
        description="What `sendReserve` would book (R95, R96). The stream decides which of the permissions "
        "is needed.",
    )
    async def send_preview(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account that would send.")],
        stream: Annotated[SendStream, strawberry.argument(description="What kind of messages.")],
        recipients: Annotated[list[str] | None, strawberry.argument(description="E-mail addresses.")] = None,
        recipient_hashes: Annotated[
            list[str] | None,
            strawberry.argument(description="Their hashes, as in `SendReserveInput`, counted on after them."),
        ] = None,
    ) -> SendPreview | None:
        principal_of(info)
        key = parse(Kind.ACCOUNT, account_id)
        if key is None:
            raise absent("NOT_FOUND")
        found = _read(info, recipients or [], recipient_hashes or [])
        rows = await info.context.reader.rows(state_of(AccountId(key), found.digests))
        if not rows:
            raise absent("NOT_FOUND")
        state = State(**rows[0])
        if not may_send(state, PERMISSIONS[stream]):
            raise forbidden(PERMISSIONS[stream])
        return _shown(state, found)


def _read(info: ContextInfo, addresses: list[str], hashes: list[str]) -> Recipients:
    try:
        return read_recipients(info.context.contact_key(), addresses, hashes)
    except Refusal as refusal:
        raise GraphQLError(refusal.message, extensions={"code": refusal.code.name}) from refusal


def _shown(state: State, found: Recipients) -> SendPreview:
    would = preview(state, len(found.digests))
    return payload(
        SendPreview,
        account_id=state.subscriber_id,
        recipients=would.recipients,
        new_contacts=would.new_contacts,
        active_contacts=state.active,
        refused=[RefusedRecipient(index=fault.index, fault=fault.fault) for fault in found.faults],
        contacts_left=would.contacts_left,
        sends_left=would.sends_left,
        price=would.price,
        warnings=list(would.warnings),
    )
