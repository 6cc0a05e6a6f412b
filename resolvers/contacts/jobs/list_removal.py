"""Removing the members of a deleted list, a batch in each transaction, and then the list."""

from sqlalchemy import ARRAY, Uuid, delete, func, literal, select

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import in_account
from models.contacts.jobs import ContactJobStatus
from models.contacts.tables import contact_list_members, contact_lists
from models.effects.jobs import Job
from resolvers.contacts.jobs.work import OpenJob, begin, do_in_steps, end

_BATCH = 5_000


async def remove_list(sessions: WriteSessions, job: Job) -> None:
    """Do the job, whatever the account's status: it only takes away."""
    await do_in_steps(sessions, job, _remove_some)


async def _remove_some(session: WriteSession, job: OpenJob) -> bool:
    """Whether there may be more."""
    await begin(session, job)
    member, found = contact_list_members, contact_lists
    of_list = in_account(member, job.account), member.c.contact_list_id == job.list_id
    some = select(member.c.contact_id).where(*of_list).limit(_BATCH)
    async with in_data_plane(session, job.account):
        ids = (await session.execute(some)).scalars().all()
        # As values: PostgreSQL may look at a sub-select once for each member.
        these = member.c.contact_id == func.any(literal(ids, ARRAY(Uuid)))
        await session.send_built(delete(member).where(*of_list, these))
        is_last = len(ids) < _BATCH
        if is_last:
            await session.send_built(
                delete(found).where(
                    in_account(found, job.account), found.c.id == job.list_id, found.c.deleted_at.is_not(None)
                )
            )
    if is_last:
        await end(session, job, ContactJobStatus.DONE)
    return not is_last
