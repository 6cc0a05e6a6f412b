"""Mutations that reserve, commit and void sends."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import IdInAccount, Kind, SendReservationId
from models.sending.tables import SendStream
from resolvers.inputs.global_ids import required
from resolvers.sending import commit_or_void as send_settlements
from resolvers.sending import reads as sends
from resolvers.sending import reserve as writes
from resolvers.sending.address_hash import Recipients
from resolvers.sending.lists.recipient_rows import Given
from resolvers.sending.permissions import SEND_PERMISSIONS
from schema.fields.context import Context, ContextInfo, principal_of
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_id
from schema.fields.marks import needs_any
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform, refused
from schema.sending.audiences import CONTACT_LIST, HASHES, LIST, RECIPIENTS, RecipientChoice, read_audience
from schema.sending.left_out import LeftOutRecipient, left_out_of
from schema.sending.types import SendReservation


@strawberry.input(
    description="Sends to reserve, one for each recipient. Either all of them are reserved or none."
)
class SendReserveInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sends.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    recipients: list[str] | None = strawberry.field(default=None, description=RECIPIENTS)
    recipient_hashes: list[str] | None = strawberry.field(default=None, description=HASHES)
    recipient_list_id: strawberry.ID | None = strawberry.field(default=None, description=LIST)
    contact_list_id: strawberry.ID | None = strawberry.field(default=None, description=CONTACT_LIST)
    label: str | None = strawberry.field(
        default=None,
        description="The team or campaign that the sends belong to: one line of 1 to 50 characters, in "
        "which case is ignored. Invoices and cost reports list labels separately. An account can use at "
        "most 100 labels in a billing cycle, including those of voided sends.",
    )
    idempotency_key: str = idempotency_key("it reserves nothing more")


@strawberry.input(description="The reservation to commit or void.")
class SendReservationInput:
    reservation_id: strawberry.ID = strawberry.field(description="The reservation.")


@entity(None, carries={"reservation_id": Uuid()})
class SendReservationPayload(Payload):
    """The reservation that was made, committed or voided."""

    reservation: SendReservation | None = to_one(sends.of_result)
    left_out: list[LeftOutRecipient] | None = strawberry.field(
        default=None,
        description="For a reservation that was made, which recipients of the request it has left out. "
        "Empty for an uploaded list, of which the reservation has the numbers.",
    )
    replayed: bool = replayed()


@strawberry.type
class SendMutation:
    @strawberry.mutation(
        directives=needs_any(SEND_PERMISSIONS.values()),
        description="Reserve sends for 15 minutes before you send. This counts the sends and the contacts "
        "that become active, and reserves credit for sends beyond the plan. It also decides who is left out: "
        "a block, an unsubscribe or a bounce that comes later counts for the next reservation. So reserve "
        "right before you send. The stream decides which of the permissions is needed.",
    )
    async def send_reserve(self, info: ContextInfo, input: SendReserveInput) -> SendReservationPayload:
        principal = principal_of(info)
        choice = RecipientChoice(
            recipients=input.recipients,
            recipient_hashes=input.recipient_hashes,
            recipient_list_id=input.recipient_list_id,
            contact_list_id=input.contact_list_id,
        )
        try:
            sender_id = account_id(input.account_id)
            given = await read_audience(choice, info.context.deployment.contact_key)
        except Refusal as refusal:
            return refused(info, SendReservationPayload, refusal)

        async def write(session: WriteSession) -> SendReservationPayload:
            command = writes.SendReservation(
                account_id=sender_id,
                stream=input.stream,
                recipients=given,
                idempotency_key=input.idempotency_key,
                label=input.label,
            )
            made = await writes.reserve_sends(session, principal, command, info.context.deployment.review)
            return payload(
                SendReservationPayload,
                reservation_id=made.reservation_id,
                left_out=left_out_of(_shown(given), made.left_out),
                replayed=made.replayed,
            )

        return await perform(info, SendReservationPayload, write)

    @mutation(needs_any(SEND_PERMISSIONS.values()))
    async def send_commit(
        self, session: WriteSession, principal: Principal, context: Context, input: SendReservationInput
    ) -> SendReservationPayload:
        """Commit a reservation: it is used up. Send only what is committed. Who is left out was decided by
        the reservation and is not asked again. Repeating it changes nothing. The stream decides which of
        the permissions is needed."""
        reservation_id = _reservation_id(input)
        await send_settlements.commit_sends(session, principal, reservation_id, context.deployment.review)
        return payload(SendReservationPayload, reservation_id=reservation_id)

    @mutation(needs_any(SEND_PERMISSIONS.values()))
    async def send_void(
        self, session: WriteSession, principal: Principal, input: SendReservationInput
    ) -> SendReservationPayload:
        """Void a reservation: what it reserved is returned, and no contact becomes active by it. Repeating it
        changes nothing. The stream decides which of the permissions is needed."""
        reservation_id = _reservation_id(input)
        await send_settlements.void_sends(session, principal, reservation_id)
        return payload(SendReservationPayload, reservation_id=reservation_id)


def _reservation_id(input: SendReservationInput) -> SendReservationId:
    return SendReservationId(required(Kind.SEND_RESERVATION, input.reservation_id, "reservationId"))


def _shown(given: Given | IdInAccount) -> Given:
    """The recipients that are told by their positions: those of the request."""
    return Recipients() if isinstance(given, IdInAccount) else given
