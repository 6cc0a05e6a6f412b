"""A claimed message as the mail that goes over the network, signed by its domain."""

import functools
from collections.abc import Mapping

from models.base.ids import AttachmentId
from models.sending.tables import SendStream
from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.messages.delivery.claimed import ClaimedMessage, SigningKey
from resolvers.messages.tracking.html import tracked_html
from resolvers.messages.tracking.links import MessageLinks, link_base
from resolvers.messages.tracking.references import Reference
from resolvers.messages.transport import Envelope
from resolvers.sealing.keyring import Keyring
from resolvers.templates.rendering.work import Part
from schema.fields.deployment import Deployment
from server.transports.compose import compose
from server.transports.header_fields import wire_address
from server.transports.mail import Attachment, Mail, Mailbox
from server.transports.signing import DkimSigner

_MOST_SIGNERS = 1_000
"""That are kept. Each takes about 5 KB, and 0.1 ms to make."""


class MailWriter:
    """Writes and signs mail. It keeps what signs for the domains that were used last."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._signer = functools.lru_cache(_MOST_SIGNERS)(self._new_signer)

    def links(self, message: ClaimedMessage) -> MessageLinks | None:
        """The links that an e-mail gets. None: links of transactional mail stay as they are, because they let
        people in. Raises SECRETS_UNAVAILABLE where the deployment has nothing to sign them with."""
        if message.stream is not SendStream.MARKETING:
            return None
        return MessageLinks(
            signer=self._deployment.signers().links,
            base=link_base(self._deployment.public_url, message.tracking_domain),
            master_id=message.master_id,
            account_id=message.account_id,
            message_id=message.id,
        )

    def envelope(
        self,
        message: ClaimedMessage,
        key: SigningKey,
        parts: Mapping[Part, str],
        links: MessageLinks | None,
        contents: Mapping[AttachmentId, bytes],
    ) -> Envelope:
        """The mail in its envelope. What cannot be delivered comes back to an address that names the message.
        `contents`: of its files.

        Raises ValueError for what cannot be mail, NotOpenedError where no secret opens the key, and
        SECRETS_UNAVAILABLE where the deployment has none.
        """
        references = self._deployment.signers().references
        reference = Reference(message.account_id, message.id)
        mail = _mail(message, f"{references.written(reference)}@{key.domain}", parts, links, contents)
        signed = self._signer(key).sign(compose(mail), message.claimed_at)
        return Envelope(
            sender=references.bounce_address(reference, f"bounce.{key.domain}"),
            recipient=wire_address(message.recipient),
            content=signed,
        )

    def _new_signer(self, key: SigningKey) -> DkimSigner:
        keyring: Keyring = self._deployment.keyring()
        place = PRIVATE_KEY.place({"master_id": key.master_id, "domain_id": key.domain_id})
        return DkimSigner(key.domain, key.selector, keyring.open(place, key.sealed))


def _mail(
    message: ClaimedMessage,
    message_id: str,
    parts: Mapping[Part, str],
    links: MessageLinks | None,
    contents: Mapping[AttachmentId, bytes],
) -> Mail:
    html = parts.get(Part.HTML)
    return Mail(
        sender=Mailbox(message.from_address, message.from_name or ""),
        recipient=Mailbox(message.recipient),
        reply_to=None if message.reply_to is None else Mailbox(message.reply_to),
        subject=parts.get(Part.SUBJECT, ""),
        message_id=message_id,
        date=message.claimed_at,
        text=parts.get(Part.TEXT),
        html=html if html is None or links is None else tracked_html(html, links),
        headers=list(message.headers.items()),
        attachments=[
            Attachment(name=file.name, type=file.type, content=contents[file.id], content_id=file.content_id)
            for file in message.attachments
        ],
        unsubscribe_url=None if links is None else links.unsubscribe_url(),
    )
