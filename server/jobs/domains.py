"""Checks of domains."""

from engine.writes.sessions import WriteSessions
from models.domains.job_kinds import DOMAIN_CHECK
from models.effects.jobs import Job
from resolvers.domains.check import check_domain
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _check(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    await check_domain(sessions, deployment.dns, deployment.mail_host, deployment.keyring, job)


WORK = Work(jobs=(JobWork(DOMAIN_CHECK, _check),))
