"""Sends: reservations, contacts that become active, lists of recipients."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.sending import reads
from resolvers.sending.lists import reads as recipient_lists
from schema.fields.contribution import Contribution
from schema.sending.deliverability import DeliverabilityQuery
from schema.sending.enums import ENUMS
from schema.sending.mutations import SendMutation
from schema.sending.queries import SendPreviewQuery
from schema.sending.types import RecipientList, SendReservation

CONTRIBUTION = Contribution(
    queries=(SendPreviewQuery, DeliverabilityQuery),
    mutations=(SendMutation,),
    look_ups={
        Kind.SEND_RESERVATION: LookUp(SendReservation, reads.by_id),
        Kind.RECIPIENT_LIST: LookUp(RecipientList, recipient_lists.by_id),
    },
    enums=ENUMS,
)
