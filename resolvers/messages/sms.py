"""What differs where a message is an SMS: it has a text alone, and counts as many sends as it has parts."""

import re
import unicodedata

from authz.policy.refusals import Refusal, RefusalCode
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.inputs.addresses import Address
from resolvers.inputs.phones import phone_number
from resolvers.messages.given import Body, GivenMessage
from resolvers.messages.sms_words import calling_code, says_how_to_leave, says_how_to_leave_somewhere
from resolvers.templates.sms_parts import MOST_SMS_PARTS, size_of

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ._&+-]{0,10}")
"""A sender that is a name: networks take at most 11 characters."""


def channel_of(address: Address) -> MessageChannel:
    """How a message reaches the address. A hash is taken for one of an e-mail address."""
    is_email = address.canonical is None or "@" in address.canonical
    return MessageChannel.EMAIL if is_email else MessageChannel.SMS


def check_sms(given: GivenMessage) -> None:
    """Raise BAD_USER_INPUT for what only an e-mail has, and for what an SMS lacks."""
    only_email = {
        "subject": given.subject,
        "html": given.html,
        "replyTo": given.reply_to,
        "headers": given.headers or None,
        "attachments": given.attachments or None,
    }
    for field, value in only_email.items():
        if value is not None:
            raise _bad("An SMS has a text alone.", field)


def sms_body(given: GivenMessage, stream: SendStream, number: str) -> Body | None:
    """Its text; None: a template has it. Raises BAD_USER_INPUT. `number`: the recipient's."""
    text = given.text
    if given.template_id is not None:
        if text is not None:
            raise _bad("A message with a template takes this from it.", "text")
        return None
    fault = fault_of_text(text or "", MOST_SMS_PARTS)
    if text is None or fault is not None:
        raise _bad(fault or "", "text")
    check_way_out(text, stream, calling_code(number), "text")
    return Body(None, text, None)


def fault_of_text(text: str, most_parts: int) -> str | None:
    """Why no SMS says this. None: it can."""
    if not text.strip():
        return "An SMS needs a text."
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\r\f" for each in text):
        return "Must not contain control characters, other than line breaks."
    parts = size_of(text).parts
    if parts > MOST_SMS_PARTS:
        return f"An SMS has at most {MOST_SMS_PARTS} parts."
    return f"It has {parts} parts; the most allowed is {most_parts}." if parts > most_parts else None


def fault_of_rendered(text: str, most_parts: int, stream: SendStream) -> str | None:
    """Why what a template has become is not sent. None: it is. A template may leave out what says how to get
    no more of it."""
    fault = fault_of_text(text, most_parts)
    if fault is None and stream is SendStream.MARKETING and not says_how_to_leave_somewhere(text):
        return "Marketing has to say how to get no more of it, and this text does not."
    return fault


def check_way_out(text: str, stream: SendStream, code: int, field: str) -> None:
    """Raise BAD_USER_INPUT for marketing that does not say how to get no more of it. `code`: the calling code
    of the country that it goes to."""
    if stream is SendStream.MARKETING and not says_how_to_leave(text, code):
        message = "Marketing by SMS has to say how to get no more of it, by a word in capitals such as STOP."
        raise _bad(message, field)


def sends_of(given: GivenMessage, body: Body | None) -> int:
    """How many sends an SMS counts as: its parts, or the most that it may have where a template makes it.
    Raises BAD_USER_INPUT."""
    if body is not None and body.text is not None:
        check_no_most_parts(given)
        return size_of(body.text).parts
    if given.most_parts is None or not 1 <= given.most_parts <= MOST_SMS_PARTS:
        message = f"Say in how many parts the template's text is sent at most: 1 to {MOST_SMS_PARTS}."
        raise _bad(message, "mostParts")
    return given.most_parts


def check_no_most_parts(given: GivenMessage) -> None:
    """Raise BAD_USER_INPUT where something else than a template's SMS has a number of parts."""
    if given.most_parts is not None:
        raise _bad("Only an SMS with a template has it.", "mostParts")


def sms_sender_of(given: GivenMessage) -> str:
    """Whom it comes from. Raises BAD_USER_INPUT."""
    return sms_sender(given.sender or "", "from")


def sms_sender(text: str, field: str) -> str:
    """A number in canonical form, or a name, which is never read as a number (T26). Raises BAD_USER_INPUT."""
    sender = text.strip()
    if _NAME.fullmatch(sender) is not None:
        return sender
    if sender.startswith("+"):
        return phone_number(sender, None, field).canonical
    message = "Give whom the SMS comes from: a name of 1 to 11 letters and digits, or a number with +."
    raise _bad(message, field)


def _bad(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
