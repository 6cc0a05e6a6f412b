"""What a request gives of each message, and what is known of it once it is read."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.base.ids import TemplateId
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.inputs.emails import EmailAddress
from resolvers.messages.attachments.given import GivenAttachment, NamedFile

MOST_MESSAGES = 1_000
"""Of one request."""

MOST_HEADERS = 20
LONGEST_HEADER = 900
MOST_VARIABLES = 20_000
"""Characters of the variables of a message, as JSON."""


@dataclass(frozen=True, kw_only=True)
class GivenHeader:
    """A further header, as it was given."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class GivenMessage:
    """As it was given. `to`: the address, which was read before."""

    idempotency_key: str
    to: Address | AddressFault
    template_id: str | None = None
    most_parts: int | None = None
    variables: object = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    headers: Sequence[GivenHeader] = ()
    attachments: Sequence[GivenAttachment] = ()
    send_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Body:
    """What a message says that is made from no template. `subject`: of an e-mail."""

    subject: str | None
    text: str | None
    html: str | None


@dataclass(frozen=True, kw_only=True)
class ReadMessage:
    """Nothing in it is wrong by itself. Either `template_id` or `body`. `sender`: of an e-mail; None: the
    account's own. `sms_sender`: of an SMS. `sends`: what it counts as: the parts of an SMS, or where a
    template makes it the most that it may have."""

    key: str
    digest: bytes
    address: Address
    recipient: str
    template_id: TemplateId | None
    variables: Mapping[str, object] | None
    body: Body | None
    sender: EmailAddress | None
    sms_sender: str | None
    sends: int
    reply_to: str | None
    headers: Mapping[str, str]
    attachments: Sequence[NamedFile]
    send_at: datetime.datetime | None
