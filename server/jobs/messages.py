"""Messages that are due: claimed, handed over, and settled."""

from engine.writes.sessions import WriteSessions
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageChannel
from schema.fields.deployment import Deployment
from server.jobs.message_carrier import MessageCarrier
from server.jobs.message_mail import MailWriter
from server.jobs.message_turn import MessageTurn
from server.jobs.work import JobWork, Work


async def deliver_turn(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """One turn of the tree. Another job follows where there is more."""
    carrier = MessageCarrier(sessions, deployment, MailWriter(deployment))
    shares = deployment.first_shares.turn(job.master_id)
    await MessageTurn(sessions, deployment, carrier, _channels(deployment), job, shares).run()


def _channels(deployment: Deployment) -> list[MessageChannel]:
    """Those whose messages the deployment hands over."""
    served = {MessageChannel.EMAIL: deployment.mail, MessageChannel.SMS: deployment.sms}
    return [channel for channel, transport in served.items() if transport is not None]


def _hands_over(deployment: Deployment) -> bool:
    return bool(_channels(deployment))


WORK = Work(jobs=(JobWork(MESSAGE_DELIVERY, deliver_turn, _hands_over),))
