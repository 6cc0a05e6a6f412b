"""What differs where a message is an SMS: it has a text alone, and counts as many sends as it has parts."""

import re
import unicodedata

from authz.policy.refusals import Refusal, RefusalCode
from models.messages.tables import MessageChannel
from resolvers.inputs.addresses import Address
from resolvers.inputs.phones import phone_number
from resolvers.messages.given import Body, GivenMessage
from resolvers.templates.sms_parts import size_of

MOST_PARTS = 10
"""Of an SMS."""

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ._&+-]{0,10}")
"""A sender that is a name: networks take at most 11 characters."""


def channel_of(address: Address) -> MessageChannel:
    """How a message reaches the address. A hash is taken for one of an e-mail address."""
    is_email = address.canonical is None or "@" in address.canonical
    return MessageChannel.EMAIL if is_email else MessageChannel.SMS


def check_sms(given: GivenMessage) -> None:
    """Raise BAD_USER_INPUT for what only an e-mail has, and for what an SMS lacks."""
    only_email = {
        "templateId": given.template_id,
        "variables": given.variables,
        "subject": given.subject,
        "html": given.html,
        "replyTo": given.reply_to,
        "headers": given.headers or None,
        "attachments": given.attachments or None,
    }
    for field, value in only_email.items():
        if value is not None:
            raise _bad("An SMS has a text alone.", field)


def sms_body(given: GivenMessage) -> Body:
    """Its text. Raises BAD_USER_INPUT."""
    text = given.text
    if text is None or not text.strip():
        raise _bad("An SMS needs a text.", "text")
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\r\f" for each in text):
        raise _bad("Must not contain control characters, other than line breaks.", "text")
    if size_of(text).parts > MOST_PARTS:
        raise _bad(f"An SMS has at most {MOST_PARTS} parts.", "text")
    return Body(None, text, None)


def sms_sender_of(given: GivenMessage) -> str:
    """Whom it comes from: a number, or a name, which is never read as a number (T26). Raises
    BAD_USER_INPUT."""
    sender = (given.sender or "").strip()
    if _NAME.fullmatch(sender) is not None:
        return sender
    if sender.startswith("+"):
        return phone_number(sender, None, "from").canonical
    message = "Give whom the SMS comes from: a name of 1 to 11 letters and digits, or a number with +."
    raise _bad(message, "from")


def sends_of(body: Body | None) -> int:
    """How many sends an SMS counts as."""
    return 0 if body is None or body.text is None else size_of(body.text).parts


def _bad(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
