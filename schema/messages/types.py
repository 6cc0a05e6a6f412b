"""Messages."""

import datetime

import strawberry

from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.messages import reads
from schema.fields.node import ID_DESCRIPTION, Node


@entity(messages, key=("master_id", "account_id", "id"), far=True)
class Message(Node):
    """A message to one recipient. CAMPAIGNS_READ shows those of the stream MARKETING, TRANSACTIONAL_READ
    those of the stream TRANSACTIONAL."""

    id: strawberry.ID = computed(reads.id_of, description=ID_DESCRIPTION)
    channel: MessageChannel = column(
        codec=enum_of(MessageChannel), description="How it reaches its recipient."
    )
    stream: SendStream = column(codec=enum_of(SendStream), description="The kind of message.")
    label: str | None = column(description="The team or campaign that it belongs to.")
    recipient: str = column(description="The address or the phone number that it goes to, as it was given.")
    sender: str = column(description="Whom it comes from: an address, or the number or name of an SMS.")
    sends: int = column(description="How many sends it counts as: 1, or the number of parts of an SMS.")
    reply_to: str | None = column(description="The address that answers go to, if it is another one.")
    status: MessageStatus = column(codec=enum_of(MessageStatus), description="What has become of it.")
    due_at: datetime.datetime = column(description="When it is handed over, or tried again.")
    attempts: int = column(description="How often it was handed over.")
    answer: str | None = column(
        description="What the mail server or the gateway answered at last, or what went wrong; null if "
        "nothing yet."
    )
    created_at: datetime.datetime = column(description="When it was taken in.")
    settled_at: datetime.datetime | None = column(
        description="When it was sent, failed, was canceled or found to be doubtful."
    )
