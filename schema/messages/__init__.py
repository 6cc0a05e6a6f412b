"""Messages that Mandant sends itself."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.messages import reads
from resolvers.messages.attachments import reads as attachment_reads
from schema.fields.contribution import Contribution
from schema.messages.enums import ENUMS
from schema.messages.event_mutations import MessageEventMutation
from schema.messages.mutations import MessageMutation
from schema.messages.order_mutations import OrderMutation
from schema.messages.types import Attachment, Message

CONTRIBUTION = Contribution(
    mutations=(MessageMutation, MessageEventMutation, OrderMutation),
    look_ups={
        Kind.MARKETING_MESSAGE: LookUp(Message, reads.marketing_place, far_read=reads.marketing_by_place),
        Kind.TRANSACTIONAL_MESSAGE: LookUp(
            Message, reads.transactional_place, far_read=reads.transactional_by_place
        ),
        Kind.ATTACHMENT: LookUp(Attachment, attachment_reads.place_by_id, far_read=attachment_reads.by_place),
    },
    enums=ENUMS,
)
