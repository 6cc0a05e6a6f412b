"""Expired reservations, ended cycles, and recipient lists that ended."""

from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import SendCycleId
from models.effects.jobs import Job
from models.sending.job_kinds import CYCLE_CLOSE, RESERVATION_EXPIRY
from resolvers.sending.close_cycle import close_cycle
from resolvers.sending.expire import expire_reservations
from resolvers.sending.lists.upload import delete_ended_lists
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work, in_batches


async def _expire(sessions: WriteSessions, _: Deployment, job: Job) -> None:
    async with sessions.begin() as session:
        await expire_reservations(session, job.master_id, SendCycleId(job.subject_id))


async def _close(sessions: WriteSessions, _: Deployment, job: Job) -> None:
    await close_cycle(sessions, job.master_id, SendCycleId(job.subject_id))


async def delete_lists(database: AsyncEngine) -> None:
    """Delete the recipient lists that ended."""
    await in_batches(WriteSessions(database), delete_ended_lists)


WORK = Work(
    jobs=(JobWork(RESERVATION_EXPIRY, _expire), JobWork(CYCLE_CLOSE, _close)),
    every_minute={"delete_lists": delete_lists},
)
