"""E-mails written as they go over the network (RFC 5322, MIME)."""

import re
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from server.transports.header_fields import address_header, check_line, header, word_header
from server.transports.mail import Attachment, Mail

_POLICY = SMTP.clone(cte_type="7bit")
"""Bodies in ASCII. A server that takes nothing else would write them anew, and break the signature."""
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
    return "".join(_headers(mail)).encode() + _content(mail).as_bytes()


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


def _content(mail: Mail) -> EmailMessage:
    content = EmailMessage(_POLICY)
    if mail.text is None and mail.html is None:
        raise ValueError("A mail has a text, HTML, or both.")
    if "\0" in (mail.text or "") or "\0" in (mail.html or ""):
        raise ValueError("A mail contains no NUL.")
    if mail.text is not None:
        content.set_content(mail.text)
    if mail.text is None:
        content.set_content(mail.html, subtype="html")
    elif mail.html is not None:
        content.add_alternative(mail.html, subtype="html")
    page = None if mail.html is None else content.get_body(("html",))
    for attachment in mail.attachments:
        if page is not None and attachment.content_id is not None:
            _show(page, attachment, attachment.content_id)
    for attachment in mail.attachments:
        if page is None or attachment.content_id is None:
            maintype, subtype, name = _described(attachment)
            content.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=name)
    return content


def _show(page: MIMEPart, attachment: Attachment, content_id: str) -> None:
    """The file is there to be shown by the HTML."""
    if _CONTENT_ID.fullmatch(content_id) is None:
        raise ValueError("The id of an attachment has visible ASCII characters alone.")
    maintype, subtype, name = _described(attachment)
    page.add_related(
        attachment.content,
        maintype=maintype,
        subtype=subtype,
        filename=name,
        cid=f"<{content_id}>",
        disposition="inline",
    )


def _described(attachment: Attachment) -> tuple[str, str, str]:
    """Both halves of its type, and its name. The library writes a name in other letters by RFC 2231."""
    kind = _TYPE.fullmatch(attachment.type.lower())
    if kind is None:
        raise ValueError("The type of an attachment is a media type such as application/pdf.")
    return kind[1], kind[2], check_line(attachment.name, "The name of an attachment")
