"""Removing the values of a deleted attribute, a batch of contacts in each transaction, then the attribute.

No index finds the contacts that have a value, so all of them are passed, in the order of their ids. Nobody
gives contacts new values of the attribute meanwhile, and newer contacts never had any. A contact's version
stays: nobody has seen the values since the attribute was deleted.
"""

import uuid

from sqlalchemy import ColumnElement, Uuid, delete, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import in_account
from models.contacts.jobs import ContactJobStatus
from models.contacts.tables import contact_attributes, contacts
from models.effects.jobs import Job
from resolvers.contacts.jobs.work import OpenJob, begin, end, lock_job, note_reached

_BATCH = 5_000
_BEFORE_ALL = uuid.UUID(int=0)


async def remove_attribute(sessions: WriteSessions, job: Job) -> None:
    """Do the job, whatever the account's status: it only takes away."""
    more = True
    while more:
        async with sessions.begin() as session:
            found = await lock_job(session, job)
            more = found is not None and await _remove_some(session, found)


async def _remove_some(session: WriteSession, job: OpenJob) -> bool:
    """Whether there may be more."""
    await begin(session, job)
    async with in_data_plane(session, job.account):
        last = await _end_of_batch(session, job)
        if last is None:
            await session.send_built(delete(contact_attributes).where(*_attribute(job)))
        else:
            await _remove_values(session, job, last)
    if last is None:
        await end(session, job, ContactJobStatus.DONE)
        return False
    await note_reached(session, job, last)
    return True


async def _end_of_batch(session: WriteSession, job: OpenJob) -> uuid.UUID | None:
    """The last contact of the next batch; None: all were passed."""
    ids = (
        select(contacts.c.id)
        .where(in_account(contacts, job.account), contacts.c.id > _reached(job))
        .order_by(contacts.c.id)
        .limit(_BATCH)
        .subquery("batch")
    )
    newest = select(ids.c.id).order_by(ids.c.id.desc()).limit(1)
    found: uuid.UUID | None = (await session.execute(newest)).scalar_one_or_none()
    return found


async def _remove_values(session: WriteSession, job: OpenJob, last: uuid.UUID) -> None:
    """The contacts are locked in the order of their ids, as all do who lock several."""
    attribute, contact = contact_attributes.c, contacts.c
    name = select(attribute.name).where(*_attribute(job)).scalar_subquery()
    having = (
        select(contact.id)
        .where(
            in_account(contacts, job.account),
            contact.id > _reached(job),
            contact.id <= literal(last, Uuid),
            contact.attributes.has_key(name),
        )
        .order_by(contact.id)
        .with_for_update()
    )
    await session.send_built(
        update(contacts)
        .where(in_account(contacts, job.account), contact.id.in_(having))
        .values(attributes=contact.attributes.op("-", return_type=JSONB())(name))
    )


def _attribute(job: OpenJob) -> tuple[ColumnElement[bool], ...]:
    found = contact_attributes
    return in_account(found, job.account), found.c.id == job.attribute_id, found.c.deleted_at.is_not(None)


def _reached(job: OpenJob) -> ColumnElement[uuid.UUID]:
    return literal(job.reached or _BEFORE_ALL, Uuid)
