"""What differs where a campaign is sent by SMS: whom it comes from, and in how many parts it is at most."""

from dataclasses import dataclass

import phonenumbers

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from models.sending.tables import SendStream
from models.templates.tables import TemplateChannel
from resolvers.messages.sms import sms_sender
from resolvers.messages.templates import check_sms_text
from resolvers.settings.in_force import effective_settings
from resolvers.templates.sms_parts import MOST_SMS_PARTS


@dataclass(frozen=True)
class SmsTerms:
    """`sender`: a name or a number. `most_parts`: each message counts as so many sends."""

    sender: str
    most_parts: int


def sms_terms(sender: str | None, most_parts: int | None) -> SmsTerms | None:
    """None: it is no campaign by SMS. Raises BAD_USER_INPUT where one is given without the other."""
    if sender is None and most_parts is None:
        return None
    if sender is None:
        raise _refused("Say whom the SMS come from.", "smsSender")
    if most_parts is None or not 1 <= most_parts <= MOST_SMS_PARTS:
        message = f"Say in how many parts an SMS is sent at most: 1 to {MOST_SMS_PARTS}."
        raise _refused(message, "mostParts")
    return SmsTerms(sms_sender(sender, "smsSender"), most_parts)


def check_channel(terms: SmsTerms | None, channel: TemplateChannel) -> None:
    """Raise BAD_USER_INPUT unless the terms are those of the template's channel."""
    if channel is TemplateChannel.SMS and terms is None:
        raise _refused("A template for SMS needs `smsSender` and `mostParts`.", "smsSender")
    if channel is TemplateChannel.EMAIL and terms is not None:
        raise _refused("A template for e-mail has none.", "smsSender")


async def check_campaign_text(
    session: WriteSession, account: Place, terms: SmsTerms, text: str, field: str
) -> None:
    """Raise BAD_USER_INPUT for a text that is longer than it may be, or that does not say how to get no more
    of it: by a word that counts everywhere, or in the account's default country. The caller is in the control
    plane."""
    country = (await effective_settings(session, account)).default_country
    code = 0 if country is None else phonenumbers.country_code_for_region(country)
    try:
        check_sms_text(text, SendStream.MARKETING, code, terms.most_parts)
    except Refusal as refusal:
        raise _refused(refusal.message, field) from refusal


def _refused(message: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, field)
