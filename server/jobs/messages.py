"""Messages that are due: claimed, handed over, and settled."""

import asyncio
import datetime
from collections.abc import Sequence
from functools import partial

from authz.policy.refusals import Refusal
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, MasterId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageStatus
from resolvers.messages.claim import claim_messages
from resolvers.messages.claimed import ClaimedMessage
from resolvers.messages.queue import note_done
from resolvers.messages.rendered import rendered
from resolvers.messages.settle import Settled, settle_messages, tried_again
from resolvers.messages.transport import Handed, Transport, Verdict
from resolvers.sealing.keyring import NotOpenedError
from resolvers.templates.rendering.work import Fault
from schema.fields.deployment import Deployment
from server.jobs.message_mail import MailWriter
from server.jobs.work import JobWork, Work

_ROUNDS = 10
"""Of a turn: so often some messages of the tree are claimed before other trees have their turns."""

_HELD = datetime.timedelta(minutes=10)
"""Until accounts that may not send are looked at again, and messages whose domain is not verified."""

_NOW = datetime.timedelta(0)

_STATUSES = {
    Verdict.ACCEPTED: MessageStatus.SENT,
    Verdict.REFUSED: MessageStatus.FAILED,
    Verdict.UNKNOWN: MessageStatus.DOUBTFUL,
}

_UNVERIFIED = Handed(
    Verdict.LATER, "The domain that it comes from is not verified.", _HELD.total_seconds(), is_tried=False
)
_NO_KEY = Handed(
    Verdict.LATER, "The key that it is signed with is out of reach.", _HELD.total_seconds(), is_tried=False
)


async def deliver_turn(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """One turn of the tree. Another job follows where there is more."""
    if deployment.mail is None:
        return
    deliver = partial(_deliver, deployment, deployment.mail, MailWriter(deployment.keyring))
    settled: list[Settled] = []
    looked_at: dict[AccountId, None] = {}
    held: dict[AccountId, None] = {}
    for _ in range(_ROUNDS):
        async with sessions.begin() as session:
            await settle_messages(session, job.master_id, settled)
            claimed = await claim_messages(session, job.master_id, deployment.review)
        settled = []
        if claimed is None:
            break
        looked_at |= dict.fromkeys(claimed.looked_at)
        held |= dict.fromkeys(claimed.held)
        if not claimed.messages:
            break
        settled = await asyncio.gather(*[deliver(message) for message in claimed.messages])
    await _end_turn(sessions, job.master_id, settled, list(looked_at), list(held))


async def _end_turn(
    sessions: WriteSessions,
    master_id: MasterId,
    settled: Sequence[Settled],
    looked_at: Sequence[AccountId],
    held: Sequence[AccountId],
) -> None:
    async with sessions.begin() as session:
        await settle_messages(session, master_id, settled)
        if await enter_as_worker(session, master_id):
            for ids, not_before in ((looked_at, _NOW), (held, _HELD)):
                if ids:
                    await note_done(session, master_id, ids, not_before)


async def _deliver(
    deployment: Deployment, transport: Transport, writer: MailWriter, message: ClaimedMessage
) -> Settled:
    if message.expires_at <= message.claimed_at:
        answer = "It could not be handed over within 24 hours."
        return Settled(message, MessageStatus.FAILED, answer, is_tried=False)
    if message.signing_key is None:
        return tried_again(message, _UNVERIFIED)
    parts = await rendered(deployment.renderer, message)
    if isinstance(parts, Fault):
        answer = f"The template cannot be rendered. {parts}"
        return Settled(message, MessageStatus.FAILED, answer, is_tried=False)
    try:
        envelope = writer.envelope(message, message.signing_key, parts)
    except ValueError as error:
        return Settled(message, MessageStatus.FAILED, f"It is no mail: {error}", is_tried=False)
    except (NotOpenedError, Refusal):
        return tried_again(message, _NO_KEY)
    if message.is_test:
        return Settled(message, MessageStatus.SENT, "A test: it was handed over to nobody.")
    handed = await transport.hand_over(envelope)
    if handed.verdict is Verdict.LATER:
        return tried_again(message, handed)
    return Settled(message, _STATUSES[handed.verdict], handed.answer, reference=handed.reference)


def _has_mail_server(deployment: Deployment) -> bool:
    return deployment.mail is not None


WORK = Work(jobs=(JobWork(MESSAGE_DELIVERY, deliver_turn, _has_mail_server),))
