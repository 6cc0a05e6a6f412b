"""Campaigns that are due: started, written as messages, canceled, and seen to be done."""

from engine.writes.sessions import WriteSessions
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.effects.jobs import Job
from resolvers.campaigns.work import work_on
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _work(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    await work_on(sessions, deployment.review, job)


WORK = Work(jobs=(JobWork(CAMPAIGN_EXPANSION, _work),))
