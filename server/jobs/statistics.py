"""Adding up what was counted of messages."""

from engine.writes.sessions import WriteSessions
from models.effects.jobs import Job
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from resolvers.reputation.judge import judge_sources
from resolvers.statistics.roll_up import add_up, end_or_repeat
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work


async def _roll_up(sessions: WriteSessions, _: Deployment, job: Job) -> None:
    is_all = False
    while not is_all:
        async with sessions.begin() as session:
            added = await add_up(session, job.master_id)
            if added is None:
                return
            await judge_sources(session, job.master_id, added.judged)
            is_all = added.is_all
    async with sessions.begin() as session:
        await end_or_repeat(session, job.master_id)


WORK = Work(jobs=(JobWork(STATISTICS_ROLL_UP, _roll_up),))
