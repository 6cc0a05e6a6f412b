"""Messages."""

import datetime

import strawberry

from engine.declare.codecs import enum_of, global_id
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_many
from models.base.ids import Kind
from models.messages.attachments import MOST_OF_A_MESSAGE, attachments, message_attachments
from models.messages.events import MessageEventKind, message_events
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.messages import reads
from resolvers.messages.attachments import reads as attachment_reads
from schema.fields.node import ID_DESCRIPTION, Node

_IN_ACCOUNT = ("master_id", "account_id", "id")


@entity(message_events, key=_IN_ACCOUNT, far=True)
class MessageEvent:
    """Something that happened to a message after it was handed over."""

    kind: MessageEventKind = column(codec=enum_of(MessageEventKind), description="What happened.")
    happened_at: datetime.datetime = column(description="When it happened.")
    told_at: datetime.datetime = computed(reads.told_at)
    is_first: bool = column(
        description="Whether it is the first of its kind that was told: unique opens and clicks are those."
    )
    url: str | None = column(description="Where a CLICK led to.")
    status: str | None = column(description="Of a bounce, such as 5.1.1 (RFC 3463); null if nobody said.")
    diagnostic: str | None = column(description="What the recipient's server said of a bounce.")


@entity(attachments, key=_IN_ACCOUNT, far=True)
class Attachment(Node):
    """A file that was uploaded with POST /attachments, for messages of the account to bring. Callers who may
    send on any stream see it."""

    id: strawberry.ID = computed(attachment_reads.id_of, description=ID_DESCRIPTION)
    name: str = column(description="The name of the file.")
    type: str = column(description="What it is by its content, such as `application/pdf`.")
    size: int = column(description="In bytes.")
    created_at: datetime.datetime = column(description="When it was uploaded for the first time.")
    expires_at: datetime.datetime = column(description="Until when messages can name it.")


@entity(message_attachments, key=(*_IN_ACCOUNT, "position"), far=True)
class MessageAttachment:
    """A file that a message brings."""

    name: str = column(description="The name of the file.")
    type: str = column(description="What it is, such as `application/pdf`.")
    size: int = column(description="In bytes.")
    content_id: str | None = column(description="By which the HTML shows it; null: it is attached.")


@entity(messages, key=_IN_ACCOUNT, far=True)
class Message(Node):
    """A message to one recipient. CAMPAIGNS_READ shows those of the stream MARKETING, TRANSACTIONAL_READ
    those of the stream TRANSACTIONAL."""

    id: strawberry.ID = computed(reads.id_of, description=ID_DESCRIPTION)
    channel: MessageChannel = column(
        codec=enum_of(MessageChannel), description="How it reaches its recipient."
    )
    stream: SendStream = column(codec=enum_of(SendStream), description="The kind of message.")
    label: str | None = column(description="The team or campaign that it belongs to.")
    campaign_id: strawberry.ID | None = column(
        codec=global_id(Kind.CAMPAIGN),
        description="The campaign that it belongs to; null for one that was sent by `messageSend`.",
    )
    is_test: bool = column(
        description="Whether a key for tests sent it: then it is handed over to nobody, and costs nothing."
    )
    recipient: str = computed(
        reads.recipient_of,
        description="What it goes to: the e-mail address as it was given, or the phone number of an SMS in "
        "its one form (E.164), such as `+46701234567`, however it was given.",
    )
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
    attachments: list[MessageAttachment] = to_many(attachment_reads.of_message, most=MOST_OF_A_MESSAGE)
    events: Connection[MessageEvent] = connection(reads.events_of, order=reads.EVENTS)
