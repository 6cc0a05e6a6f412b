"""Whom messages come from: e-mails from an address at a verified sending domain of the account."""

from collections.abc import Iterable
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from resolvers.domains.verified import verified_sending_domains
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.messages.given import ReadMessage
from resolvers.settings.in_force import effective_settings


@dataclass(frozen=True)
class Senders:
    """`address`: where a message names none. `name`: of all of them."""

    address: str
    name: str | None

    def of(self, message: ReadMessage) -> str:
        """Whom the message comes from."""
        if message.sms_sender is not None:
            return message.sms_sender
        return self.address if message.sender is None else message.sender.original


async def read_senders(session: WriteSession, account: Place, messages: Iterable[ReadMessage]) -> Senders:
    """Raises DOMAIN_NOT_VERIFIED where one of the messages would come from elsewhere, or from nobody."""
    given = [message.sender for message in messages if message.sms_sender is None]
    if not given:
        return Senders("", None)
    settings = await effective_settings(session, account)
    named = [sender for sender in given if sender is not None]
    default = settings.sender_address
    if len(named) < len(given):
        if default is None:
            message = "Give `from`, or set `senderAddress` in the account's settings."
            raise Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, message, "messages")
        named.append(email_address(default))
    await check_verified(session, account, named, "messages")
    return Senders(default or "", settings.sender_name)


async def check_verified(
    session: WriteSession, account: Place, senders: Iterable[EmailAddress], field: str
) -> None:
    """Raise DOMAIN_NOT_VERIFIED where one of them is at no verified sending domain of the account."""
    verified = {domain.name for domain in await verified_sending_domains(session, account)}
    for sender in senders:
        if _domain_of(sender) not in verified:
            raise Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, field=field)


def _domain_of(sender: EmailAddress) -> str:
    """In ASCII, as canonical addresses have it."""
    return sender.canonical.rpartition("@")[2]
