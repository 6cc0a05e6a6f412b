"""An e-mail as values, before it is written as one text."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mailbox:
    """An address, and the name that readers see before it, if there is one."""

    address: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file. `type`: its media type without parameters, such as `application/pdf`. `content_id`: by which
    the HTML shows it; without HTML it is attached like all others."""

    name: str
    type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An e-mail to one recipient, with a text, HTML or both.

    `headers`: further ones by name, which the mail has in this order. `message_id`: without angle brackets.
    `unsubscribe_url`: takes a POST that unsubscribes at once (RFC 8058).
    """

    sender: Mailbox
    recipient: Mailbox
    subject: str
    message_id: str
    date: datetime.datetime
    reply_to: Mailbox | None = None
    text: str | None = None
    html: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    attachments: Sequence[Attachment] = ()
    unsubscribe_url: str | None = None
