"""A preview of what a reservation would reserve."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from graphql import GraphQLError
from sqlalchemy import Uuid

from authz.policy.refusals import Refusal
from engine.base.field_errors import absent, forbidden
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.declare.entity_objects import row_object
from models.base.ids import AccountId, Kind, parse
from models.sending.tables import SendStream
from resolvers.accounts import reads as accounts
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import FaultyRecipient, RecipientFault, Recipients
from resolvers.sending.audience import Audience
from resolvers.sending.long_statements import allow_many_to_read
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.sending.preview import SendWarning, State, may_send, preview, state_of
from resolvers.sending.recipient_lists import size_for_viewer
from resolvers.sending.recipient_rows import named, uploaded
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs_any
from schema.fields.references import AccountRef
from schema.sending.audiences import HASHES, LIST, RECIPIENTS, RecipientChoice, read_audience


@strawberry.type(description="A recipient that is skipped.", directives=[Public()])
class RefusedRecipient:
    index: int = strawberry.field(description="Its position in the list, from 0.")
    fault: RecipientFault = strawberry.field(description="Why it is skipped.")


@entity(None, carries={"account_id": Uuid()})
class SendPreview:
    """What a list of recipients would reserve now. Nothing is reserved, and others may reserve in the
    meantime."""

    recipients: int = strawberry.field(description="The number of recipients, each counted once.")
    new_contacts: int = strawberry.field(
        description="The number of recipients that would become active contacts. Without STATISTICS_READ in "
        "the account that has the subscription, the number of recipients that this account has not sent to "
        "in this billing cycle."
    )
    active_contacts: int = strawberry.field(
        description="The number of other recipients: already active in this billing cycle, or already sent "
        "to by this account."
    )
    refused: list[RefusedRecipient] = strawberry.field(
        description="The recipients that would be skipped. Empty for an uploaded list, whose upload "
        "returned them."
    )
    contacts_left: int = strawberry.field(
        description="The number of contacts, at least, that could still become active afterwards. Negative "
        "if there are too many; without STATISTICS_READ in the account that has the subscription, if there "
        "may be too many."
    )
    sends_left: int = strawberry.field(
        description="The number of the plan's sends that the account would have left afterwards, without "
        "those kept for others; negative for sends beyond the plan."
    )
    price: MicroAmount = strawberry.field(description="The price of sends beyond the plan.")
    invoiced_account: AccountRef | None = to_one(
        accounts.of_result,
        description="The account whose invoice would contain sends beyond the plan, and whose credit pays "
        "for them; null if it is outside your reach.",
    )
    warnings: list[SendWarning] = strawberry.field(
        description="What would block the sends or make them cost more; empty if nothing."
    )


@strawberry.type
class SendPreviewQuery:
    @strawberry.field(
        directives=needs_any(SEND_PERMISSIONS.values()),
        description="What `sendReserve` would reserve. The stream decides which of the permissions is "
        "needed.",
    )
    async def send_preview(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account that would send.")],
        stream: Annotated[SendStream, strawberry.argument(description="The kind of messages.")],
        recipients: Annotated[list[str] | None, strawberry.argument(description=RECIPIENTS)] = None,
        recipient_hashes: Annotated[list[str] | None, strawberry.argument(description=HASHES)] = None,
        recipient_list_id: Annotated[strawberry.ID | None, strawberry.argument(description=LIST)] = None,
    ) -> SendPreview | None:
        principal_of(info)
        key = parse(Kind.ACCOUNT, account_id)
        if key is None:
            raise absent("NOT_FOUND")
        choice = RecipientChoice(
            recipients=recipients, recipient_hashes=recipient_hashes, recipient_list_id=recipient_list_id
        )
        audience, faults = await _audience(info, AccountId(key), stream, choice)
        rows = await info.context.reader.rows(state_of(AccountId(key), audience.digests))
        if not rows:
            raise absent("NOT_FOUND")
        state = State(**rows[0])
        if not may_send(state, SEND_PERMISSIONS[stream]):
            raise forbidden(SEND_PERMISSIONS[stream])
        if audience is _NO_LIST:
            raise absent("NOT_FOUND")
        return _shown(state, audience.recipients, faults, info.context.deployment.review)


_NO_LIST = Audience(recipients=0, digests=named(Recipients()))
"""In place of a list that is not there, until it is known that the viewer may hear of lists."""


async def _audience(
    info: ContextInfo, account_id: AccountId, stream: SendStream, choice: RecipientChoice
) -> tuple[Audience, Sequence[FaultyRecipient]]:
    try:
        given = await read_audience(choice, info.context.deployment.contact_key)
    except Refusal as refusal:
        raise GraphQLError(refusal.message, extensions={"code": refusal.code.name}) from refusal
    if isinstance(given, Recipients):
        return Audience(recipients=len(given.digests), digests=named(given)), given.faults
    rows = await info.context.reader.rows(size_for_viewer(account_id, given, stream))
    if not rows:
        return _NO_LIST, ()
    await allow_many_to_read(info.context.reader)
    return Audience(recipients=rows[0]["recipients"], digests=uploaded(given)), ()


def _shown(
    state: State, recipients: int, faults: Sequence[FaultyRecipient], review: ReviewPolicy
) -> SendPreview:
    would = preview(state, recipients, review)
    return row_object(
        SendPreview,
        {"account_id": state.payer_id},
        recipients=would.recipients,
        new_contacts=would.new_contacts,
        active_contacts=state.active,
        refused=[RefusedRecipient(index=fault.index, fault=fault.fault) for fault in faults],
        contacts_left=would.contacts_left,
        sends_left=would.sends_left,
        price=would.price,
        warnings=list(would.warnings),
    )
