"""Jobs about contacts: added by requests, and done by workers."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, update

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import ContactJobId, ContactListId, new_id
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import ContactJobKind, ContactJobStatus, contact_import_parts, contact_jobs
from models.effects.jobs import Job
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import Change


@dataclass(frozen=True, kw_only=True)
class NewContactJob:
    """A job to do. `plan`: how an import reads its rows. `starts`: whether it begins at once; else it waits
    until it is due."""

    kind: ContactJobKind
    status: ContactJobStatus = ContactJobStatus.WAITING
    list_id: ContactListId | None = None
    attribute_id: uuid.UUID | None = None
    plan: Mapping[str, Any] | None = None
    starts: bool = True


CONTACTS_OF_CLOSED = NewContactJob(kind=ContactJobKind.CONTACTS_DELETION, starts=False)
"""What a closed account kept of people is removed, but not at once."""


async def add_job(
    session: WriteSession, principal: Actor, account: Authorized, new: NewContactJob
) -> ContactJobId:
    """Store the job, and have a worker do it after the commit, unless it waits for a file or for
    its time."""
    job_id = ContactJobId(new_id())
    await session.send_built(
        insert(contact_jobs).values(
            **columns_of(account),
            id=job_id,
            kind=new.kind.value,
            status=new.status.value,
            list_id=new.list_id,
            attribute_id=new.attribute_id,
            plan=new.plan,
            user_id=principal.user_id,
            api_key_id=principal.api_key_id,
            acting_from=account.acting_from,
        )
    )
    if new.starts and new.status is ContactJobStatus.WAITING:
        await enqueue(session, Job(CONTACT_JOB, account.master_id, job_id))
    return job_id


@dataclass(frozen=True)
class JobEnd:
    """How a job ended. The numbers are of an import: what it did."""

    status: ContactJobStatus
    created: int
    updated: int
    refused: int

    def logged(self) -> Change:
        """As the log tells it."""
        numbers = {"created": self.created, "updated": self.updated, "refused": self.refused}
        return {"status": self.status.value, **numbers}


async def end_job(
    session: WriteSession,
    account: Authorized,
    job_id: ContactJobId,
    status: ContactJobStatus,
    failure: str | None = None,
) -> JobEnd:
    """The job is over. `failure`: why it failed."""
    jobs = contact_jobs.c
    ended = (
        update(contact_jobs)
        .where(row_of(contact_jobs, account, job_id))
        .values(status=status.value, ended_at=func.now(), failure=failure)
        .returning(jobs.created, jobs.updated, jobs.refused)
    )
    return JobEnd(status, *(await session.execute(ended)).one())


async def forget_rest(session: WriteSession, account: Authorized, job_id: ContactJobId) -> None:
    """Forget what is left of an import's file."""
    parts = contact_import_parts
    async with in_data_plane(session, account):
        await session.send_built(delete(parts).where(in_account(parts, account), parts.c.job_id == job_id))
