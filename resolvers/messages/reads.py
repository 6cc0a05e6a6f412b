"""An account's messages. They are far, as contacts are (see `resolvers.contacts.reads`).

Who may see a message depends on its stream. So each stream has a field and a kind of id of its own, and no
statement has to know two permissions.
"""

import unicodedata
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, case, literal_column, select

from engine.base.client_values import text
from engine.declare.arguments import Described
from engine.declare.far import ITEM
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.messages.events import message_events
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.tables import SendStream
from models.templates.tables import template_versions
from resolvers.contacts.reads import global_id, place_of
from resolvers.inputs.emails import email_address
from resolvers.inputs.filters import given_text
from resolvers.inputs.global_ids import IdText, in_account_of_kind
from resolvers.inputs.labels import compared_label
from resolvers.inputs.phones import number_of_filter
from resolvers.messages.ids import KINDS, READ_PERMISSIONS

NEWEST_FIRST = Order("messages", (messages.c.id,), descending=True)
EVENTS = Order("message_events", (message_events.c.id,), descending=True)


def _canonical(text: str, argument: str) -> str:
    if "@" in unicodedata.normalize("NFKC", text):
        return email_address(text, argument).canonical
    return number_of_filter(text, argument)


Status = Annotated[MessageStatus | None, Described("Only messages with this status.")]
Recipient = Annotated[
    ColumnElement[str] | None,
    given_text(_canonical, "recipient"),
    Described("Only messages to this e-mail address or phone number with `+`, in any spelling of it."),
]
Label = Annotated[
    ColumnElement[str] | None,
    given_text(compared_label, "label"),
    Described("Only messages with this label. Upper and lower case are the same."),
]


def marketing(
    account: FromClause, status: Status = None, label: Label = None, recipient: Recipient = None
) -> Select[Any]:
    """The account's own messages of the stream MARKETING, newest first."""
    return _of_account(account, SendStream.MARKETING, status, label, recipient)


def transactional(
    account: FromClause, status: Status = None, label: Label = None, recipient: Recipient = None
) -> Select[Any]:
    """The account's own messages of the stream TRANSACTIONAL, newest first."""
    return _of_account(account, SendStream.TRANSACTIONAL, status, label, recipient)


def _of_account(
    account: FromClause, stream: SendStream, status: Status, label: Label, recipient: Recipient
) -> Select[Any]:
    found = messages.alias()
    statement = _of_stream(found, stream).where(in_tree(found, account, account_id="id"))
    if status is not None:
        statement = statement.where(found.c.status == text(status.value))
    if label is not None:
        statement = statement.where(found.c.compared_label == label)
    if recipient is not None:
        statement = statement.where(found.c.recipient_canonical == recipient)
    return statement


def marketing_place(
    root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.MARKETING_MESSAGE)]
) -> Select[Any]:
    """The account that the message's id names, where the viewer may see messages of the stream."""
    return place_of(id, READ_PERMISSIONS[SendStream.MARKETING])


def transactional_place(
    root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.TRANSACTIONAL_MESSAGE)]
) -> Select[Any]:
    """The same for the stream TRANSACTIONAL."""
    return place_of(id, READ_PERMISSIONS[SendStream.TRANSACTIONAL])


def marketing_by_place(place: FromClause) -> Select[Any]:
    """The message of the stream that the place names."""
    return _by_place(place, SendStream.MARKETING)


def transactional_by_place(place: FromClause) -> Select[Any]:
    """The message of the stream that the place names."""
    return _by_place(place, SendStream.TRANSACTIONAL)


def by_place(place: FromClause) -> Select[Any]:
    """The message that the place names, whose stream was checked."""
    found = messages.alias()
    return select(*found.c).where(in_tree(found, place, account_id="id", id=ITEM))


def _by_place(place: FromClause, stream: SendStream) -> Select[Any]:
    found = messages.alias()
    return _of_stream(found, stream).where(in_tree(found, place, account_id="id", id=ITEM))


def _of_stream(found: FromClause, stream: SendStream) -> Select[Any]:
    return select(*found.c).where(found.c.stream == literal_column(f"'{stream.value}'", Text))


def id_of(found: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another message."""
    streams = {
        stream.value: global_id(kind, found.c.account_id, found.c.id) for stream, kind in KINDS.items()
    }
    return case(streams, value=found.c.stream)


def recipient_of(message: FromClause) -> ColumnElement[str]:
    """The address or the number that it goes to. What was given instead of the number is stored, too."""
    numbers = {MessageChannel.SMS.value: message.c.recipient_canonical}
    return case(numbers, value=message.c.channel, else_=message.c.recipient)


def version_of(found: FromClause) -> Select[Any]:
    """The version of the template that the message is made from."""
    version = template_versions.alias()
    this = in_tree(version, found, account_id="account_id", id="version_id")
    return select(*version.c).where(this)


def events_of(message: FromClause) -> Select[Any]:
    """What its recipient, and the servers on the way, did with it: in the order in which it was told, the
    last one first. `status`, `answer` and `settledAt` say what became of it before."""
    event = message_events.alias()
    this = in_tree(event, message, account_id="account_id", message_id="id")
    return select(*event.c).where(this)


def told_at(event: FromClause) -> ColumnElement[Any]:
    """When it was told. It may have happened long before."""
    return event.c.created_at
