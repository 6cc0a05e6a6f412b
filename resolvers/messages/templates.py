"""Templates that messages are made from: whether one suits a message."""

import uuid
from dataclasses import dataclass

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.templates.tables import TemplateChannel
from resolvers.messages.given import ReadMessage
from resolvers.messages.sms import channel_of, check_way_out
from resolvers.messages.sms_words import calling_code
from resolvers.templates.parts import is_fixed
from resolvers.templates.sms_parts import size_of

_CHANNELS = {
    TemplateChannel.EMAIL: (
        MessageChannel.EMAIL,
        "The template is for e-mail, and the recipient is a number.",
    ),
    TemplateChannel.SMS: (MessageChannel.SMS, "The template is for SMS, and the recipient is no number."),
}


@dataclass(frozen=True)
class NewestVersion:
    """Of a template. `sms_text`: what it says in an SMS, in Liquid."""

    id: uuid.UUID
    channel: TemplateChannel
    sms_text: str | None


def refusal_of(message: ReadMessage, stream: SendStream, version: NewestVersion | None) -> Refusal | None:
    """Why the message cannot be made from it. None: it can."""
    try:
        _check(message, stream, version)
    except Refusal as refusal:
        return refusal
    return None


def _check(message: ReadMessage, stream: SendStream, version: NewestVersion | None) -> None:
    if version is None:
        raise NotFound("templateId")
    channel, fault = _CHANNELS[version.channel]
    if channel_of(message.address) is not channel:
        raise Refusal(RefusalCode.BAD_USER_INPUT, fault, "templateId")
    if version.sms_text is not None:
        code = calling_code(message.address.canonical or "")
        check_sms_text(version.sms_text, stream, code, message.sends)


def check_sms_text(text: str, stream: SendStream, code: int, most_parts: int) -> None:
    """Raise BAD_USER_INPUT for a template's text that is too long whatever its variables are, and for
    marketing that does not say how to get no more of it. `code`: the calling code of the country that it goes
    to."""
    check_way_out(text, stream, code, "templateId")
    if is_fixed(text) and (parts := size_of(text).parts) > most_parts:
        message = f"The template's text has {parts} parts."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "mostParts")
