"""Access reviews that end, and reminders before."""

from engine.writes.sessions import WriteSessions
from models.access_review.job_kinds import ACCESS_REVIEW
from models.effects.jobs import Job
from resolvers.access_review.work import work_on_review
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _work(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    async with sessions.begin() as session:
        await work_on_review(session, job)


WORK = Work(jobs=(JobWork(ACCESS_REVIEW, _work),))
