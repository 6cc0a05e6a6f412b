"""Does the jobs of the queue (see `models.effects.jobs`), by what the areas contribute."""

from engine.base.spans import span
from engine.writes.sessions import WriteSessions
from models.areas import modules_of_areas
from models.effects.jobs import Job, JobKind
from schema.fields.deployment import Deployment
from server.jobs.work import Work

WORK: tuple[Work, ...] = tuple(area.WORK for area in modules_of_areas("server.jobs.{area}"))

_JOBS = {job.kind: job for work in WORK for job in work.jobs}


async def do(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """Do what is due for a job's subject."""
    with span(f"job {job.kind.name}"):
        await _JOBS[job.kind].do(sessions, deployment, job)


def kinds_done_by(deployment: Deployment) -> list[JobKind]:
    """The kinds of jobs that a deployment does."""
    return [kind for kind, job in _JOBS.items() if job.is_done_by(deployment)]
