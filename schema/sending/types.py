"""Reservations of sends, and the lists of recipients that they can name."""

import datetime

import strawberry

from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.sending.recipient_lists import recipient_lists
from models.sending.tables import ReservationStatus, SendStream, send_reservations
from resolvers.plans.pooled_contacts import new_contacts_of
from resolvers.sending import reads
from resolvers.sending import recipient_lists as list_reads
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(send_reservations)
class SendReservation(Node):
    """Sends that were booked before they go out: to be committed in 15 minutes, or voided."""

    id: strawberry.ID = column(codec=global_id(Kind.SEND_RESERVATION), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    stream: SendStream = column(codec=enum_of(SendStream), description="What kind of messages.")
    label: str | None = column(description="The team or campaign that it belongs to.")
    status: ReservationStatus = computed(reads.status_of, codec=enum_of(ReservationStatus))
    recipients: int = column(description="How many are sent to, once each.")
    new_contacts: int = computed(new_contacts_of)
    price: MicroAmount = column(codec=AMOUNT, description="Of sends beyond the plan's; else zero.")
    created_at: datetime.datetime = column(description="When it was made.")
    expires_at: datetime.datetime = column(description="Until when it can be committed.")
    settled_at: datetime.datetime | None = column(
        description="When it was committed or voided, or found to have expired."
    )


@entity(recipient_lists)
class RecipientList(Node):
    """Recipients that were uploaded by POST /recipients, for `sendPreview` and `sendReserve`."""

    id: strawberry.ID = column(codec=global_id(Kind.RECIPIENT_LIST), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(list_reads.account_of)
    recipients: int = column(description="How many would be sent to, once each.")
    created_at: datetime.datetime = column(description="When it was uploaded.")
    expires_at: datetime.datetime = column(description="Until when it can be sent to.")
