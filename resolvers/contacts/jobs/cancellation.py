"""Cancelling an import."""

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.exclusive import WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.base.ids import ContactJobId, Kind, present
from models.contacts.jobs import OPEN, ContactJobKind, ContactJobStatus, contact_jobs
from resolvers.contacts.jobs.store import end_job, forget_rest
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record


async def cancel_import(session: WriteSession, principal: Principal, job_id: ContactJobId) -> ContactJobId:
    """Import no more of a file; what was imported stays. Possible in any status of the account. Needs
    CONTACTS_WRITE.

    Raises NOT_FOUND, and FAILED_PRECONDITION for what is no import, or is over.
    """
    jobs = contact_jobs.c
    account_id = select(jobs.account_id).where(jobs.id == job_id).scalar_subquery()
    account = await authorize_shared(
        session, principal, account_id, Permission.CONTACTS_WRITE, WriteKind.TAKES_AWAY
    )
    statement = select(jobs.kind, jobs.status).where(row_of(contact_jobs, account, job_id))
    row = (await session.execute(statement.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("jobId")
    if ContactJobKind(row.kind) is not ContactJobKind.IMPORT:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Only an import can be cancelled.", "jobId")
    if ContactJobStatus(row.status) not in OPEN:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The import is over.", "jobId")
    await forget_rest(session, account, job_id)
    ended = await end_job(session, account, job_id, ContactJobStatus.CANCELLED)
    await record(
        session,
        principal,
        account,
        EventType.CONTACT_IMPORT_CANCELLED,
        present(Kind.CONTACT_JOB, job_id),
        None,
        ended.logged(),
    )
    return job_id
