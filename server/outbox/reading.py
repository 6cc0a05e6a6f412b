"""What the page shows of a message of the local outbox."""

import datetime
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser

import orjson

from resolvers.templates.sms_parts import SmsSize, size_of
from server.transports.local_outbox import Form, KeptFile, LocalOutbox

_HEAD_BYTES = 32_768
_SHOWN_OF_SMS = 80
_HEAD = re.compile(rb"<head[^>]*>", re.IGNORECASE)
_NEW_TAB = b'<base target="_blank">'
"""Nothing may open in the frame itself."""

_PARSER = BytesParser(policy=email.policy.SMTPUTF8)


@dataclass(frozen=True)
class Entry:
    """A message in the list. `subject`: of an SMS, how it begins."""

    kept: KeptFile
    recipient: str
    subject: str

    @property
    def at(self) -> datetime.datetime:
        """When it was handed over."""
        return datetime.datetime.fromtimestamp((self.kept.id.int >> 80) / 1_000, datetime.UTC)


@dataclass(frozen=True)
class File:
    """An attachment. `size`: in bytes."""

    name: str
    type: str
    size: int


@dataclass(frozen=True)
class ShownMail:
    """An e-mail. `headers`: in their order, in Unicode."""

    headers: Sequence[tuple[str, str]]
    subject: str
    text: str | None
    html: bytes | None
    files: Sequence[File]


@dataclass(frozen=True)
class ShownSms:
    """An SMS."""

    sender: str
    recipient: str
    text: str
    size: SmsSize


def read_entry(outbox: LocalOutbox, kept: KeptFile) -> Entry | None:
    """None: it is gone."""
    if kept.form is Form.SMS:
        sms = read_sms(outbox, kept)
        return None if sms is None else Entry(kept, sms.recipient, sms.text[:_SHOWN_OF_SMS])
    head = outbox.read(kept, _HEAD_BYTES)
    if head is None:
        return None
    mail = _parsed(head)
    return Entry(kept, _header(mail, "Delivered-To"), _header(mail, "Subject"))


def read_sms(outbox: LocalOutbox, kept: KeptFile) -> ShownSms | None:
    """None: it is gone."""
    content = outbox.read(kept)
    if content is None:
        return None
    sms: dict[str, str] = orjson.loads(content)
    return ShownSms(sms["from"], sms["to"], sms["text"], size_of(sms["text"]))


def read_mail(outbox: LocalOutbox, kept: KeptFile) -> ShownMail | None:
    """None: it is gone."""
    content = outbox.read(kept)
    if content is None:
        return None
    mail = _parsed(content)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return ShownMail(
        headers=[(name, str(value)) for name, value in mail.items()],
        subject=_header(mail, "Subject"),
        text=None if text is None else text.get_content(),
        html=None if html is None else _framed(html.get_content().encode(errors="replace")),
        files=[_file(part) for part in mail.iter_attachments()],
    )


def _framed(html: bytes) -> bytes:
    """HTML whose links open in another tab."""
    found = _HEAD.search(html)
    at = 0 if found is None else found.end()
    return html[:at] + _NEW_TAB + html[at:]


def _file(part: EmailMessage) -> File:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    return File(part.get_filename() or "without a name", part.get_content_type(), size)


def _header(mail: EmailMessage, name: str) -> str:
    return str(mail[name] or "")


def _parsed(content: bytes) -> EmailMessage:
    mail = _PARSER.parsebytes(content)
    if not isinstance(mail, EmailMessage):
        raise TypeError("the policy makes such messages")
    return mail
