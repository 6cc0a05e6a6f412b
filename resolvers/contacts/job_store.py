"""Jobs about contacts: added by requests, and done by workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of
from models.base.ids import ContactJobId, ContactListId, new_id
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import ContactJobKind, contact_jobs
from models.effects.jobs import Job
from resolvers.effects.jobs import enqueue


@dataclass(frozen=True, kw_only=True)
class NewContactJob:
    """A job to do. `plan`: how an import reads its rows; `total`: how many there are."""

    kind: ContactJobKind
    list_id: ContactListId | None = None
    plan: Mapping[str, Any] | None = None
    total: int = 0


async def add_job(
    session: WriteSession, principal: Actor, account: Authorized, new: NewContactJob
) -> ContactJobId:
    """Have a worker do it after the commit."""
    job_id = ContactJobId(new_id())
    await session.send_built(
        insert(contact_jobs).values(
            **columns_of(account),
            id=job_id,
            kind=new.kind.value,
            list_id=new.list_id,
            plan=new.plan,
            total=new.total,
            user_id=principal.user_id,
            api_key_id=principal.api_key_id,
            acting_from=account.acting_from,
        )
    )
    await enqueue(session, Job(CONTACT_JOB, account.master_id, job_id))
    return job_id
