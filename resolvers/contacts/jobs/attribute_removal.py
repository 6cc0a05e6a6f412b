"""Removing the values of a deleted attribute, a batch of contacts in each transaction, then the attribute.

Nobody gives contacts new values of the attribute meanwhile. A contact's version stays: nobody has seen the
values since the attribute was deleted.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, ScalarSelect, Uuid, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import in_account
from models.contacts.jobs import ContactJobStatus
from models.contacts.tables import contact_attributes, contact_values, contacts
from models.effects.jobs import Job
from resolvers.contacts.jobs.work import OpenJob, begin, do_in_steps, end, note_reached

_BATCH = 5_000
_BEFORE_ALL = uuid.UUID(int=0)


async def remove_attribute(sessions: WriteSessions, job: Job) -> None:
    """Do the job, whatever the account's status: it only takes away."""
    await do_in_steps(sessions, job, _remove_some)


async def _remove_some(session: WriteSession, job: OpenJob) -> bool:
    """Whether there may be more."""
    await begin(session, job)
    async with in_data_plane(session, job.account):
        having = await _next_having(session, job)
        if having:
            await _remove_values(session, job, having)
        else:
            await session.send_built(delete(contact_attributes).where(*_attribute(job)))
    if not having:
        await end(session, job, ContactJobStatus.DONE)
        return False
    await note_reached(session, job, having[-1])
    return True


async def _next_having(session: WriteSession, job: OpenJob) -> Sequence[uuid.UUID]:
    """The next contacts that have a value, in the order of their ids. Those that are done are passed by: they
    may still be in the index."""
    value = contact_values.c
    statement = (
        select(value.contact_id)
        .where(
            in_account(contact_values, job.account),
            value.name == _name(job),
            value.contact_id > literal(job.reached or _BEFORE_ALL, Uuid),
        )
        .order_by(value.contact_id)
        .limit(_BATCH)
    )
    return (await session.execute(statement)).scalars().all()


async def _remove_values(session: WriteSession, job: OpenJob, ids: Sequence[uuid.UUID]) -> None:
    """The contacts are locked in the order of their ids, as all do who lock several."""
    contact, value = contacts.c, contact_values.c
    these = func.any(literal(ids, ARRAY(Uuid)))
    of_ids = in_account(contacts, job.account), contact.id == these
    await session.execute(select(contact.id).where(*of_ids).order_by(contact.id).with_for_update())
    await session.send_built(
        update(contacts)
        .where(*of_ids)
        .values(attributes=contact.attributes.op("-", return_type=JSONB())(_name(job)))
    )
    await session.send_built(
        delete(contact_values).where(
            in_account(contact_values, job.account), value.name == _name(job), value.contact_id == these
        )
    )


def _name(job: OpenJob) -> ScalarSelect[str]:
    return select(contact_attributes.c.name).where(*_attribute(job)).scalar_subquery()


def _attribute(job: OpenJob) -> tuple[ColumnElement[bool], ...]:
    found = contact_attributes
    return in_account(found, job.account), found.c.id == job.attribute_id, found.c.deleted_at.is_not(None)
