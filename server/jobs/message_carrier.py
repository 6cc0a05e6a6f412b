"""What hands over the messages of a turn."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountKey, AttachmentId, present_in_account
from models.messages.tables import MessageChannel, MessageStatus
from resolvers.messages.attachments.room import GoneError, NoRoomError
from resolvers.messages.delivery.claimed import ClaimedMessage
from resolvers.messages.delivery.held import HELD
from resolvers.messages.delivery.rendered import rendered
from resolvers.messages.delivery.settle import Settled, settled_as
from resolvers.messages.ids import KINDS
from resolvers.messages.sms import fault_of_rendered
from resolvers.messages.tracking.links import MessageLinks
from resolvers.messages.transport import Handed, Sms, Verdict
from resolvers.sealing.keyring import NotOpenedError
from resolvers.templates.rendering.work import Fault, Part
from schema.fields.deployment import Deployment
from server.jobs.message_mail import MailWriter
from server.logs.metrics import deliveries

_UNVERIFIED = Handed(
    Verdict.LATER, "The domain that it comes from is not verified.", HELD.total_seconds(), is_tried=False
)
_NO_KEY = Handed(
    Verdict.LATER, "What it is signed with is out of reach.", HELD.total_seconds(), is_tried=False
)
_NO_ROOM = Handed(Verdict.LATER, "Other large messages are handed over.", 1.0, is_tried=False)
_TESTED = Handed(Verdict.ACCEPTED, "A test: it was handed over to nobody.")


@dataclass(frozen=True)
class MessageCarrier:
    """What hands over the messages of one turn."""

    sessions: WriteSessions
    deployment: Deployment
    writer: MailWriter

    async def deliver(self, message: ClaimedMessage) -> Settled:
        """Hand one message over."""
        if message.expires_at <= message.claimed_at:
            answer = "It could not be handed over within 24 hours."
            return Settled(message, MessageStatus.FAILED, answer, is_tried=False)
        handed = await self._handed(message)
        deliveries.labels(channel=message.source.channel.name, verdict=handed.verdict.name).inc()
        return settled_as(message, handed)

    async def _handed(self, message: ClaimedMessage) -> Handed:
        is_email = message.source.channel is MessageChannel.EMAIL
        if is_email and message.signing_key is None:
            return _UNVERIFIED
        try:
            links = self.writer.links(message) if is_email else None
        except Refusal:
            return _NO_KEY
        url = None if links is None else links.unsubscribe_url()
        parts = await rendered(self.deployment.renderer, message, url)
        if isinstance(parts, Fault):
            return _failed(f"The template cannot be rendered. {parts}")
        return await (self._mailed(message, parts, links) if is_email else self._texted(message, parts))

    async def _mailed(
        self, message: ClaimedMessage, parts: Mapping[Part, str], links: MessageLinks | None
    ) -> Handed:
        if not message.attachments:
            return await self._written(message, parts, links, {})
        account = AccountKey(message.master_id, message.account_id)
        room = self.deployment.attachment_room
        try:
            async with room.contents(self.sessions, account, message.attachments) as contents:
                return await self._written(message, parts, links, contents)
        except NoRoomError:
            return _NO_ROOM
        except GoneError:
            return _failed("A file that it brings is not there any more.")

    async def _written(
        self,
        message: ClaimedMessage,
        parts: Mapping[Part, str],
        links: MessageLinks | None,
        contents: Mapping[AttachmentId, bytes],
    ) -> Handed:
        key, mail = message.signing_key, self.deployment.mail
        if key is None or mail is None:
            raise AssertionError("it was claimed for a mail server")
        try:
            if contents:
                # In a thread: 10 MB take half a second.
                envelope = await asyncio.to_thread(self.writer.envelope, message, key, parts, links, contents)
            else:
                envelope = self.writer.envelope(message, key, parts, links, contents)
        except ValueError as error:
            return _failed(f"It is no mail: {error}")
        except (NotOpenedError, Refusal):
            return _NO_KEY
        return _TESTED if message.is_test else await mail.hand_over(envelope)

    async def _texted(self, message: ClaimedMessage, parts: Mapping[Part, str]) -> Handed:
        if self.deployment.sms is None:
            raise AssertionError("it was claimed for a gateway")
        text = parts[Part.TEXT]
        if (fault := fault_of_rendered(text, message.sends, message.stream)) is not None:
            return _failed(f"It is no SMS: {fault}")
        sms = Sms(
            # A receipt names the message by it, so it names the account too.
            id=present_in_account(KINDS[message.stream], message.account_id, message.id),
            sender=message.from_address,
            recipient=message.canonical,
            text=text,
        )
        return _TESTED if message.is_test else await self.deployment.sms.hand_over(sms)


def _failed(answer: str) -> Handed:
    return Handed(Verdict.REFUSED, answer, is_tried=False)
