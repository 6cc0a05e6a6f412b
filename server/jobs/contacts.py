"""Imports of contacts, and what lists, attributes and closed accounts leave behind."""

from engine.writes.sessions import WriteSessions
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import ContactJobKind
from models.effects.jobs import Job
from resolvers.contacts.jobs.attribute_removal import remove_attribute
from resolvers.contacts.jobs.contacts_removal import remove_contacts
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
    match found.kind:
        case ContactJobKind.IMPORT:
            await import_file(sessions, deployment.contact_key(), job)
        case ContactJobKind.LIST_DELETION:
            await remove_list(sessions, job)
        case ContactJobKind.ATTRIBUTE_DELETION:
            await remove_attribute(sessions, job)
        case ContactJobKind.CONTACTS_DELETION:
            await remove_contacts(sessions, job)


WORK = Work(jobs=(JobWork(CONTACT_JOB, _work),))
