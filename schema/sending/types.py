"""Reservations of sends, and uploaded lists of recipients."""

import datetime

import strawberry

from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.sending.recipient_lists import recipient_lists
from models.sending.tables import ReservationStatus, SendStream, send_reservations
from resolvers.plans.pooled_contacts import new_contacts_of
from resolvers.sending import reads
from resolvers.sending.lists import reads as list_reads
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef

_FIRST = "Each is counted once, by the first of these reasons."


@entity(send_reservations)
class SendReservation(Node):
    """Sends that are reserved before they go out. Commit or void a reservation within 15 minutes."""

    id: strawberry.ID = column(codec=global_id(Kind.SEND_RESERVATION), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    stream: SendStream = column(codec=enum_of(SendStream), description="The kind of messages.")
    label: str | None = column(description="The team or campaign that the sends belong to.")
    status: ReservationStatus = computed(reads.status_of, codec=enum_of(ReservationStatus))
    recipients: int = column(description="How many are sent to, once each.")
    blocked: int = column(description=f"How many were left out because they are on a block list. {_FIRST}")
    unsubscribed: int = column(description=f"How many were left out because they unsubscribed. {_FIRST}")
    bounced: int = column(description=f"How many were left out because their messages bounced. {_FIRST}")
    new_contacts: int = computed(new_contacts_of)
    price: MicroAmount = column(
        codec=AMOUNT, description="The price of sends beyond the plan; otherwise zero."
    )
    created_at: datetime.datetime = column(description="When it was created.")
    expires_at: datetime.datetime = column(description="Until when it can be committed.")
    settled_at: datetime.datetime | None = column(
        description="When it was committed, voided, or found to be expired."
    )


@entity(recipient_lists)
class RecipientList(Node):
    """Recipients uploaded with POST /recipients, for `sendPreview` and `sendReserve`."""

    id: strawberry.ID = column(codec=global_id(Kind.RECIPIENT_LIST), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(list_reads.account_of)
    recipients: int = column(description="The number of recipients, each counted once.")
    created_at: datetime.datetime = column(description="When it was uploaded.")
    expires_at: datetime.datetime = column(description="Until when it can be used.")
