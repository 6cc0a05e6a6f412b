"""A preview of what a reservation would reserve."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Annotated

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.base.field_errors import absent, forbidden
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.declare.entity_objects import row_object
from models.base.ids import AccountId, IdInAccount, Kind, parse
from models.sending.tables import SendStream
from resolvers.accounts import reads as accounts
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import RecipientFault, Recipients
from resolvers.sending.audience import Audience, audience_without
from resolvers.sending.left_out import ReadingPlanes, find_left_out
from resolvers.sending.lists.contact_lists import check_number, read_contact_list
from resolvers.sending.lists.reads import size_for_viewer
from resolvers.sending.lists.recipient_rows import Given
from resolvers.sending.long_statements import allow_many_to_read
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.sending.preview import SendWarning, State, preview, state_of
from resolvers.sending.senders import read_seen_sender
from resolvers.suppressions.exclusions import Exclusion, Sender
from schema.fields.addresses import in_a_query
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs_any
from schema.fields.references import AccountRef
from schema.sending.audiences import CONTACT_LIST, HASHES, LIST, RECIPIENTS, RecipientChoice, read_audience
from schema.sending.left_out import LeftOutRecipient, left_out_of


@strawberry.type(description="A recipient that is skipped.", directives=[Public()])
class RefusedRecipient:
    index: int = strawberry.field(description="Its position in the list, from 0.")
    fault: RecipientFault = strawberry.field(description="Why it is skipped.")


@entity(None, carries={"account_id": Uuid()})
class SendPreview:
    """What a list of recipients would reserve now. Nothing is reserved, and others may reserve in the
    meantime."""

    recipients: int = strawberry.field(
        description="The number of recipients, each counted once, without those that are left out."
    )
    sends: int = strawberry.field(
        description="The number of sends that they count as: one each, or `mostParts` of a campaign by SMS."
    )
    blocked: int = strawberry.field(
        description="The number of recipients that are left out because they are on the block list of the "
        "account or of one above it."
    )
    unsubscribed: int = strawberry.field(
        description="The number of other recipients that are left out because they have unsubscribed."
    )
    bounced: int = strawberry.field(
        description="The number of other recipients that are left out because their messages bounced."
    )
    left_out: list[LeftOutRecipient] = strawberry.field(
        description="The recipients that are left out. Empty for an uploaded list."
    )
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
        contact_list_id: Annotated[
            strawberry.ID | None, strawberry.argument(description=CONTACT_LIST)
        ] = None,
    ) -> SendPreview | None:
        principal_of(info)
        key = parse(Kind.ACCOUNT, account_id)
        if key is None:
            raise absent("NOT_FOUND", "accountId")
        choice = RecipientChoice(
            recipients=recipients,
            recipient_hashes=recipient_hashes,
            recipient_list_id=recipient_list_id,
            contact_list_id=contact_list_id,
        )
        with in_a_query():
            given = await read_audience(choice, info.context.deployment.contact_key)
        sender_id = AccountId(key)
        list_ids = [given.id] if isinstance(given, IdInAccount) else []
        needed = [SEND_PERMISSIONS[stream], *([Permission.CONTACTS_READ] if list_ids else [])]
        sender = await seen_sender(info, sender_id, needed, list_ids)
        shown = Recipients() if isinstance(given, IdInAccount) else given
        if isinstance(given, IdInAccount):
            given = await _contacts(info, sender, given)
        audience = await seen_audience(info, sender, stream, given)
        rows = await info.context.reader.rows(state_of(sender_id, stream, audience.digests))
        return shown_preview(State(**rows[0]), audience, shown, info.context.deployment.review)


async def seen_sender(
    info: ContextInfo, account_id: AccountId, needed: Iterable[Permission], list_ids: Sequence[uuid.UUID]
) -> Sender:
    """The account, as one that would send. Raises NOT_FOUND and FORBIDDEN."""
    seen = await read_seen_sender(info.context.reader, account_id, list_ids)
    if seen is None:
        raise absent("NOT_FOUND", "accountId")
    for permission in needed:
        if not seen.path.may(permission):
            raise forbidden(permission)
    return seen.sender


async def _contacts(info: ContextInfo, sender: Sender, named: IdInAccount) -> Recipients:
    """Raises NOT_FOUND for a list that the account does not have, BAD_USER_INPUT for one that is too
    large."""
    digests = await read_contact_list(info.context.reader, sender, named)
    if digests is None:
        raise absent("NOT_FOUND", "contactListId")
    with in_a_query():
        check_number(len(digests))
    return Recipients(digests=digests)


async def seen_audience(info: ContextInfo, sender: Sender, stream: SendStream, given: Given) -> Audience:
    """Those of the recipients that are not left out. Raises NOT_FOUND for a list that is not there."""
    reader = info.context.reader
    if isinstance(given, Recipients):
        number = len(given.digests)
    else:
        rows = await reader.rows(size_for_viewer(sender.account_id, given, stream))
        if not rows:
            raise absent("NOT_FOUND", "recipientListId")
        number = rows[0]["recipients"]
    left_out = await find_left_out(ReadingPlanes(reader=reader, sender=sender), sender, stream, given)
    if not isinstance(given, Recipients):
        await allow_many_to_read(reader)
    return audience_without(left_out, given, number)


def shown_preview(
    state: State, audience: Audience, given: Given, review: ReviewPolicy, sends_each: int = 1
) -> SendPreview:
    """What so many would cost. `given`: what is told of them one by one. `sends_each`: that each counts
    as."""
    would = preview(state, audience.recipients, review, sends_each)
    counts = audience.left_out.counts
    return row_object(
        SendPreview,
        {"account_id": state.payer_id},
        recipients=would.recipients,
        sends=would.sends,
        blocked=counts.get(Exclusion.BLOCK_LIST, 0),
        unsubscribed=counts.get(Exclusion.UNSUBSCRIBE, 0),
        bounced=counts.get(Exclusion.BOUNCE, 0),
        left_out=left_out_of(given, audience.left_out.causes),
        new_contacts=would.new_contacts,
        active_contacts=state.active,
        refused=_refused(given),
        contacts_left=would.contacts_left,
        sends_left=would.sends_left,
        price=would.price,
        warnings=list(would.warnings),
    )


def _refused(given: Given) -> list[RefusedRecipient]:
    faults = given.faults if isinstance(given, Recipients) else ()
    return [RefusedRecipient(index=fault.index, fault=fault.fault) for fault in faults]
