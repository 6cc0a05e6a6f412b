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
    """`address`: where a message names none; None: the account has none. `name`: of all of them. `verified`:
    the domains that e-mails can come from, in ASCII."""

    address: str | None = None
    name: str | None = None
    verified: frozenset[str] = frozenset()

    def refusal_of(self, message: ReadMessage) -> Refusal | None:
        """Why nobody can send the message. None: its sender can."""
        if message.sms_sender is not None:
            return None
        sender = message.sender
        if sender is None and self.address is None:
            text = "Give `from`, or set `senderAddress` in the account's settings."
            return Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, text, "from")
        if sender is None:
            sender = email_address(self.address or "")
        if _domain_of(sender) not in self.verified:
            return Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, field="from")
        return None

    def of(self, message: ReadMessage) -> str:
        """Whom a message comes from that is not refused."""
        if message.sms_sender is not None:
            return message.sms_sender
        return message.sender.original if message.sender is not None else self.address or ""


async def read_senders(session: WriteSession, account: Place, messages: Iterable[ReadMessage]) -> Senders:
    """Whom these messages can come from."""
    if all(message.sms_sender is not None for message in messages):
        return Senders()
    settings = await effective_settings(session, account)
    verified = await _verified(session, account)
    return Senders(settings.sender_address, settings.sender_name, verified)


async def check_verified(
    session: WriteSession, account: Place, senders: Iterable[EmailAddress], field: str
) -> None:
    """Raise DOMAIN_NOT_VERIFIED where one of them is at no verified sending domain of the account."""
    verified = await _verified(session, account)
    for sender in senders:
        if _domain_of(sender) not in verified:
            raise Refusal(RefusalCode.DOMAIN_NOT_VERIFIED, field=field)


async def _verified(session: WriteSession, account: Place) -> frozenset[str]:
    return frozenset(domain.name for domain in await verified_sending_domains(session, account))


def _domain_of(sender: EmailAddress) -> str:
    """In ASCII, as canonical addresses have it."""
    return sender.canonical.rpartition("@")[2]
