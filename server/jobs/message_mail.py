"""A claimed message as the mail that goes over the network, signed by its domain."""

import functools
from collections.abc import Mapping

from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.messages.claimed import ClaimedMessage, SigningKey
from resolvers.messages.transport import Envelope
from resolvers.sealing.keyring import Keyring, KeyringSource
from resolvers.templates.rendering.work import Part
from server.transports.compose import compose
from server.transports.mail import Mail, Mailbox
from server.transports.signing import DkimSigner

_MOST_SIGNERS = 1_000
"""That are kept. Each takes about 5 KB, and 0.1 ms to make."""


class MailWriter:
    """Writes and signs mail. It keeps what signs for the domains that were used last."""

    def __init__(self, keyring: KeyringSource) -> None:
        self._keyring = keyring
        self._signer = functools.lru_cache(_MOST_SIGNERS)(self._new_signer)

    def envelope(self, message: ClaimedMessage, key: SigningKey, parts: Mapping[Part, str]) -> Envelope:
        """The mail in its envelope.

        Raises ValueError for what cannot be mail, NotOpenedError where no secret opens the key, and
        SECRETS_UNAVAILABLE where the deployment has none.
        """
        content = compose(_mail(message, key.domain, parts))
        signed = self._signer(key).sign(content, message.claimed_at)
        return Envelope(sender=message.from_address, recipient=message.recipient, content=signed)

    def _new_signer(self, key: SigningKey) -> DkimSigner:
        keyring: Keyring = self._keyring()
        place = PRIVATE_KEY.place({"master_id": key.master_id, "domain_id": key.domain_id})
        return DkimSigner(key.domain, key.selector, keyring.open(place, key.sealed))


def _mail(message: ClaimedMessage, domain: str, parts: Mapping[Part, str]) -> Mail:
    return Mail(
        sender=Mailbox(message.from_address, message.from_name or ""),
        recipient=Mailbox(message.recipient),
        reply_to=None if message.reply_to is None else Mailbox(message.reply_to),
        subject=parts.get(Part.SUBJECT, ""),
        message_id=f"{message.id}@{domain}",
        date=message.claimed_at,
        text=parts.get(Part.TEXT),
        html=parts.get(Part.HTML),
        headers=list(message.headers.items()),
    )
