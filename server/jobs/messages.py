"""Messages that are due: claimed, handed over, and settled."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from authz.policy.refusals import Refusal
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageChannel, MessageStatus
from resolvers.messages.claim import claim_messages
from resolvers.messages.claimed import ClaimedMessage
from resolvers.messages.queue import note_done
from resolvers.messages.rendered import rendered
from resolvers.messages.settle import Settled, settle_messages, settled_as
from resolvers.messages.tracking.links import MessageLinks
from resolvers.messages.transport import Handed, Sms, Verdict
from resolvers.sealing.keyring import NotOpenedError
from resolvers.statistics.count import note_counted
from resolvers.templates.rendering.work import Fault, Part
from schema.fields.deployment import Deployment
from server.jobs.message_mail import MailWriter
from server.jobs.work import JobWork, Work

_ROUNDS = 10
"""Of a turn: so often some messages of the tree are claimed before other trees have their turns."""

_HELD = datetime.timedelta(minutes=10)
"""Until accounts that may not send are looked at again, and messages whose domain is not verified."""

_UNVERIFIED = Handed(
    Verdict.LATER, "The domain that it comes from is not verified.", _HELD.total_seconds(), is_tried=False
)
_NO_KEY = Handed(
    Verdict.LATER, "What it is signed with is out of reach.", _HELD.total_seconds(), is_tried=False
)
_TESTED = Handed(Verdict.ACCEPTED, "A test: it was handed over to nobody.")


@dataclass(frozen=True)
class _Carrier:
    """What hands over the messages of one turn."""

    deployment: Deployment
    writer: MailWriter

    async def deliver(self, message: ClaimedMessage) -> Settled:
        """Hand one message over."""
        if message.expires_at <= message.claimed_at:
            answer = "It could not be handed over within 24 hours."
            return Settled(message, MessageStatus.FAILED, answer, is_tried=False)
        return settled_as(message, await self._handed(message))

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
        if message.signing_key is None or self.deployment.mail is None:
            raise AssertionError("it was claimed for a mail server")
        try:
            envelope = self.writer.envelope(message, message.signing_key, parts, links)
        except ValueError as error:
            return _failed(f"It is no mail: {error}")
        except (NotOpenedError, Refusal):
            return _NO_KEY
        return _TESTED if message.is_test else await self.deployment.mail.hand_over(envelope)

    async def _texted(self, message: ClaimedMessage, parts: Mapping[Part, str]) -> Handed:
        if self.deployment.sms is None:
            raise AssertionError("it was claimed for a gateway")
        sms = Sms(
            id=str(message.id),
            sender=message.from_address,
            recipient=message.canonical,
            text=parts[Part.TEXT],
        )
        return _TESTED if message.is_test else await self.deployment.sms.hand_over(sms)


async def deliver_turn(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """One turn of the tree. Another job follows where there is more."""
    channels = _channels(deployment)
    carrier = _Carrier(deployment, MailWriter(deployment))
    done: list[Settled] = []
    looked_at: dict[AccountId, None] = {}
    held: dict[AccountId, None] = {}
    for _ in range(_ROUNDS):
        async with _settling(sessions, deployment, job, done) as session:
            claimed = await claim_messages(session, job.master_id, deployment.review, channels)
        done = []
        if claimed is None:
            break
        looked_at |= dict.fromkeys(claimed.looked_at)
        held |= dict.fromkeys(claimed.held)
        if claimed.is_last:
            break
        done = await asyncio.gather(*[carrier.deliver(message) for message in claimed.messages])
    async with _settling(sessions, deployment, job, done) as session:
        if await enter_as_worker(session, job.master_id):
            if looked_at:
                await note_done(session, job.master_id, list(looked_at), channels)
            if held:
                await note_done(session, job.master_id, list(held), channels, _HELD)


@asynccontextmanager
async def _settling(
    sessions: WriteSessions, deployment: Deployment, job: Job, done: Sequence[Settled]
) -> AsyncIterator[WriteSession]:
    """A transaction that writes down first what became of messages."""
    async with sessions.begin() as session:
        is_counted = await settle_messages(session, job.master_id, done, deployment.keyring)
        yield session
        if is_counted:
            await note_counted(session, job)


def _failed(answer: str) -> Handed:
    return Handed(Verdict.REFUSED, answer, is_tried=False)


def _channels(deployment: Deployment) -> list[MessageChannel]:
    """Those whose messages the deployment hands over."""
    served = {MessageChannel.EMAIL: deployment.mail, MessageChannel.SMS: deployment.sms}
    return [channel for channel, transport in served.items() if transport is not None]


def _hands_over(deployment: Deployment) -> bool:
    return bool(_channels(deployment))


WORK = Work(jobs=(JobWork(MESSAGE_DELIVERY, deliver_turn, _hands_over),))
