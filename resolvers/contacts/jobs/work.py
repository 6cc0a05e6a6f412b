"""What workers do for contacts: they import files, and remove what deleted lists, attributes and closed
accounts leave behind.

A job is done in steps, each in a transaction of its own that locks the job. So two workers never do the same
step, a worker that dies leaves whole steps, and the next one goes on behind the last of them.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, or_, select, update

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import Authorized, without_rights
from authz.guards.locks import lock_shared_path
from authz.reach.status import effective_status
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import row_of, this_account
from models.base.ids import AccountId, AccountKey, ContactJobId, MasterId
from models.contacts.jobs import (
    KEPT_AFTER_CLOSING,
    OPEN,
    ContactJobKind,
    ContactJobStatus,
    contact_jobs,
)
from models.effects.jobs import Job
from resolvers.contacts.jobs.store import end_job
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account


@dataclass(frozen=True)
class OpenJob:
    """A job that is not done, locked. `reached`: the row up to which it is done; `refused`: rows of its file
    that were; `is_active`: whether its account may be changed."""

    account: Authorized
    id: ContactJobId
    kind: ContactJobKind
    status: ContactJobStatus
    plan: Mapping[str, Any] | None
    list_id: Any
    attribute_id: Any
    reached: Any
    actor: EarlierActor
    refused: int
    is_active: bool


async def lock_job(session: WriteSession, job: Job) -> OpenJob | None:
    """Enter the job's tree, and lock its account in share mode and the job. None: it is done, or was
    cancelled."""
    found = await find_job(session, job)
    if found is None:
        return None
    await lock_shared_path(session, found.account.master_id, found.account.account_id)
    return await _read(session, _open(job).with_for_update())


async def do_in_steps(
    sessions: WriteSessions, job: Job, step: Callable[[WriteSession, OpenJob], Awaitable[bool]]
) -> None:
    """Do a job until a step says that there is no more, or the job is over."""
    more = True
    while more:
        async with sessions.begin() as session:
            found = await lock_job(session, job)
            more = found is not None and await step(session, found)


async def find_job(session: WriteSession, job: Job) -> OpenJob | None:
    """The same without locks: a worker prepares a step while it does another one."""
    if not await enter_as_worker(session, job.master_id):
        return None
    return await _read(session, _open(job))


def _open(job: Job) -> Select[Any]:
    jobs = contact_jobs.c
    is_open = jobs.status.in_([status.value for status in OPEN])
    is_due = or_(
        jobs.kind != ContactJobKind.CONTACTS_DELETION.value,
        jobs.created_at < func.now() - literal(KEPT_AFTER_CLOSING),
    )
    return select(contact_jobs).where(row_of(contact_jobs, job, job.subject_id), is_open, is_due)


async def _read(session: WriteSession, statement: Select[Any]) -> OpenJob | None:
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    key = AccountKey(MasterId(row.master_id), AccountId(row.account_id))
    status = select(effective_status(accounts)).where(this_account(accounts, key))
    return OpenJob(
        without_rights(key, AccountId(row.acting_from)),
        ContactJobId(row.id),
        ContactJobKind(row.kind),
        ContactJobStatus(row.status),
        row.plan,
        row.list_id,
        row.attribute_id,
        row.reached,
        EarlierActor(row.user_id, row.api_key_id),
        row.refused,
        AccountStatus((await session.execute(status)).scalar_one()) is AccountStatus.ACTIVE,
    )


async def begin(session: WriteSession, job: OpenJob) -> None:
    """Note that a worker has begun."""
    if job.status is ContactJobStatus.RUNNING:
        return
    values = {"status": ContactJobStatus.RUNNING.value, "started_at": func.now()}
    await session.send_built(
        update(contact_jobs).where(row_of(contact_jobs, job.account, job.id)).values(**values)
    )


async def note_reached(session: WriteSession, job: OpenJob, row_id: uuid.UUID) -> None:
    """Note up to which row the job is done."""
    await session.send_built(
        update(contact_jobs).where(row_of(contact_jobs, job.account, job.id)).values(reached=row_id)
    )


async def end(
    session: WriteSession, job: OpenJob, status: ContactJobStatus, failure: str | None = None
) -> None:
    """The job is over. Of an import the account's log says what it did."""
    ended = await end_job(session, job.account, job.id, status, failure)
    if job.kind is ContactJobKind.IMPORT:
        kind = EventType.CONTACTS_IMPORTED
        await record_of_account(session, job.actor, job.account, kind, None, ended.logged())
