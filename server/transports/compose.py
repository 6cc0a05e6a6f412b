"""E-mails written as they go over the network (RFC 5322, MIME)."""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from email.base64mime import body_encode
from email.generator import BytesGenerator
from email.message import Message, MIMEPart
from email.policy import SMTP, Compat32
from email.utils import format_datetime
from io import BytesIO

from server.transports.header_fields import address_header, check_line, header, word_header
from server.transports.mail import Attachment, Mail

_POLICY = SMTP.clone(cte_type="7bit")
"""Bodies in ASCII. A server that takes nothing else would write them anew, and break the signature."""


class _AsWritten(Compat32):
    """Writes parts whose headers are right already. `_POLICY` itself parses a header whenever it is looked
    at, which took half of the time of a mail."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """See `email.policy.Policy`."""
        return _POLICY.fold_binary(name, value)


_AS_WRITTEN = _AsWritten(linesep="\r\n")
_LONGEST_LINE = 78
"""Of a text that is written as it is."""
_WRITTEN = frozenset(
    {"from", "to", "reply-to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"}
)
"""The headers that a mail's other fields give."""
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,100}")
_TYPE = re.compile(
    r"(?!multipart/|message/)([a-z0-9][a-z0-9!#$&^_.+-]{0,99})/([a-z0-9][a-z0-9!#$&^_.+-]{0,99})"
)


def compose(mail: Mail) -> bytes:
    """The mail as one text, with CR LF. All of it is ASCII but for the local parts of addresses.

    Raises ValueError for what no mail can contain, above all for line breaks in what becomes a header.
    """
    written = BytesIO()
    written.write("".join(_headers(mail)).encode())
    written.write(b"MIME-Version: 1.0\r\n")
    BytesGenerator(written, mangle_from_=False, policy=_AS_WRITTEN).flatten(_content(mail))
    return written.getvalue()


def _headers(mail: Mail) -> Iterator[str]:
    yield address_header("From", mail.sender)
    yield address_header("To", mail.recipient)
    if mail.reply_to is not None:
        yield address_header("Reply-To", mail.reply_to)
    yield header("Subject", mail.subject)
    yield header("Date", format_datetime(mail.date))
    yield word_header("Message-ID", f"<{mail.message_id}>")
    if mail.unsubscribe_url is not None:
        yield word_header("List-Unsubscribe", f"<{mail.unsubscribe_url}>")
        yield header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    for name, value in mail.headers:
        if name.lower() in _WRITTEN or name.lower().startswith(("content-", "mime-")):
            raise ValueError(f"The mail has a {name} already.")
        yield header(name, value)


def _content(mail: Mail) -> Message:
    if mail.text is None and mail.html is None:
        raise ValueError("A mail has a text, HTML, or both.")
    if "\0" in (mail.text or "") or "\0" in (mail.html or ""):
        raise ValueError("A mail contains no NUL.")
    is_shown = [mail.html is not None and each.content_id is not None for each in mail.attachments]
    files = list(zip(mail.attachments, is_shown, strict=True))
    bodies: list[Message] = [] if mail.text is None else [_text("plain", mail.text)]
    if mail.html is not None:
        shown = [_shown(file) for file, is_shown in files if is_shown]
        bodies.append(_together("related", [_text("html", mail.html), *shown]))
    attached = [_file(file, None, "attachment") for file, is_shown in files if not is_shown]
    return _together("mixed", [_together("alternative", bodies), *attached])


def _together(subtype: str, parts: Sequence[Message]) -> Message:
    """One part with all of them; where there is but one, that one."""
    if len(parts) == 1:
        return parts[0]
    # Nobody who writes a text can guess it. The library's own is looked for in all of the text first.
    whole = _part(f'multipart/{subtype}; boundary="={secrets.token_hex(12)}"')
    for part in parts:
        whole.attach(part)
    return whole


def _text(subtype: str, text: str) -> Message:
    """In ASCII lines that are not too long: as it is, or in the shorter one of the two encodings.

    Not by the library's `set_content`, which parses each header that it writes, and encodes in Python. So it
    takes most of the time that a mail takes.
    """
    lines = text.encode().splitlines()
    data = b"\n".join(lines) + b"\n"
    part = _part(f'text/{subtype}; charset="utf-8"')
    if data.isascii() and max(map(len, lines), default=0) <= _LONGEST_LINE:
        encoding, encoded = "7bit", data.decode("ascii")
    else:
        encoding, encoded = "quoted-printable", b2a_qp(data).decode("ascii")
        if len(encoded) > len(data) * 4 // 3:
            encoding, encoded = "base64", body_encode(data)
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(encoded)
    return part


def _part(type_: str) -> Message:
    part = Message()
    part["Content-Type"] = type_
    return part


def _shown(file: Attachment) -> MIMEPart:
    """A file that is there to be shown by the HTML."""
    if file.content_id is None or _CONTENT_ID.fullmatch(file.content_id) is None:
        raise ValueError("The id of an attachment has visible ASCII characters alone.")
    return _file(file, f"<{file.content_id}>", "inline")


def _file(file: Attachment, content_id: str | None, disposition: str) -> MIMEPart:
    maintype, subtype, name = _described(file)
    part = MIMEPart(_POLICY)
    part.set_content(
        file.content,
        maintype=maintype,
        subtype=subtype,
        filename=name,
        cid=content_id,
        disposition=disposition,
    )
    return part


def _described(attachment: Attachment) -> tuple[str, str, str]:
    """Both halves of its type, and its name. The library writes a name in other letters by RFC 2231."""
    kind = _TYPE.fullmatch(attachment.type.lower())
    if kind is None:
        raise ValueError("The type of an attachment is a media type such as application/pdf.")
    return kind[1], kind[2], check_line(attachment.name, "The name of an attachment")
