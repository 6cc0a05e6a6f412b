"""Messages that are due: claimed, handed over to the mail server, and settled."""

import asyncio
import datetime
from collections.abc import Sequence

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageStatus
from resolvers.messages.claim import Claimed, ClaimedMessage, claim_messages
from resolvers.messages.mail import mail_of, rendered
from resolvers.messages.queue import note_done
from resolvers.messages.settle import Settled, settle_messages, tried_again
from resolvers.templates.rendering.renderer import Renderer
from resolvers.templates.rendering.work import Fault
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work
from server.transports.smtp import SmtpServer, SmtpTransport
from server.transports.transport import Envelope, Transport, Verdict

_AT_ONCE = 10
"""Messages that are handed over together, and settled together: what a worker that dies leaves in doubt."""

_HELD = datetime.timedelta(minutes=10)
"""Until accounts that are not active are looked at again."""

_NOW = datetime.timedelta(0)

_STATUSES = {
    Verdict.ACCEPTED: MessageStatus.SENT,
    Verdict.REFUSED: MessageStatus.FAILED,
    Verdict.UNKNOWN: MessageStatus.DOUBTFUL,
}


async def _deliver(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    if deployment.smtp_url is None:
        return
    transport = SmtpTransport(SmtpServer.of(deployment.smtp_url), most=_AT_ONCE)
    try:
        await deliver_batch(sessions, deployment.renderer, transport, job)
    finally:
        await transport.close()


async def deliver_batch(sessions: WriteSessions, renderer: Renderer, transport: Transport, job: Job) -> None:
    """Hand over one batch of the tree. Another job follows where there is more."""
    async with sessions.begin() as session:
        claimed = await claim_messages(session, job.master_id)
    if claimed is None:
        return
    for first in range(0, len(claimed.messages), _AT_ONCE):
        some = claimed.messages[first : first + _AT_ONCE]
        settled = await _handed_over(renderer, transport, some)
        async with sessions.begin() as session:
            await settle_messages(session, job.master_id, settled)
    for ids, not_before in ((claimed.looked_at, _NOW), (claimed.held, _HELD)):
        if ids:
            await _note(sessions, claimed, ids, not_before)


async def _note(
    sessions: WriteSessions, claimed: Claimed, ids: Sequence[AccountId], not_before: datetime.timedelta
) -> None:
    async with sessions.begin() as session:
        if await enter_as_worker(session, claimed.master_id):
            await note_done(session, claimed.master_id, ids, not_before)


async def _handed_over(
    renderer: Renderer, transport: Transport, messages: Sequence[ClaimedMessage]
) -> list[Settled]:
    return await asyncio.gather(*[_hand_over(renderer, transport, each) for each in messages])


async def _hand_over(renderer: Renderer, transport: Transport, message: ClaimedMessage) -> Settled:
    if message.expires_at <= message.claimed_at:
        return Settled(message, MessageStatus.FAILED, "It could not be handed over within 24 hours.")
    parts = await rendered(renderer, message)
    if isinstance(parts, Fault):
        return Settled(message, MessageStatus.FAILED, f"The template cannot be rendered. {parts}")
    try:
        content = mail_of(message, parts)
    except ValueError as error:
        return Settled(message, MessageStatus.FAILED, f"It is no mail: {error}")
    envelope = Envelope(sender=message.from_address, recipient=message.recipient, content=content)
    handed = await transport.hand_over(envelope)
    if handed.verdict is Verdict.LATER:
        return tried_again(message, handed.answer)
    return Settled(message, _STATUSES[handed.verdict], handed.answer)


def _has_mail_server(deployment: Deployment) -> bool:
    return deployment.smtp_url is not None


WORK = Work(jobs=(JobWork(MESSAGE_DELIVERY, _deliver, _has_mail_server),))
