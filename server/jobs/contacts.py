"""Imports of contacts, and lists that end."""

from engine.writes.sessions import WriteSessions
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import ContactJobKind
from models.effects.jobs import Job
from resolvers.contacts.jobs.import_work import import_file
from resolvers.contacts.jobs.list_removal import remove_list
from resolvers.contacts.jobs.work import find_job
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _work(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    async with sessions.begin() as session:
        found = await find_job(session, job)
    if found is None:
        return
    if found.kind is ContactJobKind.LIST_DELETION:
        await remove_list(sessions, job)
    else:
        await import_file(sessions, deployment.contact_key(), job)


WORK = Work(jobs=(JobWork(CONTACT_JOB, _work),))
