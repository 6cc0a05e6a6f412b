"""A message as mail (RFC 5322)."""

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from resolvers.messages.claim import ClaimedMessage
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault, Part, Work


async def rendered(renderer: Renderer, message: ClaimedMessage) -> Mapping[Part, str] | Fault:
    """The parts as the recipient gets them. What is made from no template stays as it is."""
    if message.sender is None:
        return message.parts.given
    values: dict[str, object] = {"account": message.sender.values, "message": message.variables}
    if message.contact is not None:
        values["contact"] = message.contact
    found = await renderer.do(Work(message.parts.given, values, message.sender.functions))
    return found if isinstance(found, Fault) else found.parts


def mail_of(message: ClaimedMessage, parts: Mapping[Part, str]) -> bytes:
    """The mail. Raises ValueError for what cannot be a header."""
    mail = EmailMessage()
    mail["From"] = _address(message.from_address, message.from_name or "")
    mail["To"] = _address(message.recipient)
    if message.reply_to is not None:
        mail["Reply-To"] = _address(message.reply_to)
    mail["Subject"] = parts.get(Part.SUBJECT, "")
    mail["Date"] = format_datetime(message.claimed_at)
    mail["Message-ID"] = f"<{message.id}@{message.from_address.rpartition('@')[2]}>"
    for name, value in message.headers.items():
        mail[name] = value
    text, html = parts.get(Part.TEXT), parts.get(Part.HTML)
    if text is not None:
        mail.set_content(text)
    if html is not None and text is not None:
        mail.add_alternative(html, subtype="html")
    elif html is not None:
        mail.set_content(html, subtype="html")
    addresses = message.from_address, message.recipient, message.reply_to or ""
    is_ascii = all(address.isascii() for address in addresses)
    return mail.as_bytes(policy=SMTP if is_ascii else SMTPUTF8)


def _address(address: str, name: str = "") -> Address:
    local_part, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local_part, domain=domain)
