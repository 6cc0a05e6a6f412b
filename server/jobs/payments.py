"""Top-ups."""

from engine.writes.sessions import WriteSessions
from models.credit.job_kinds import TOP_UP
from models.effects.jobs import Job
from resolvers.payments.worker import work_on_top_ups
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _top_up(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    await work_on_top_ups(sessions, deployment.payments, job.account)


WORK = Work(jobs=(JobWork(TOP_UP, _top_up),))
