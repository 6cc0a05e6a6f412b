"""Putting a job into the queue (see `models.jobs`)."""

import datetime

from sqlalchemy import ColumnElement, DateTime, Text, Uuid, func, literal, null, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.jobs import Job


async def enqueue(
    session: AsyncSession, job: Job, run_at: ColumnElement[datetime.datetime] | None = None
) -> None:
    """Have a worker do the job once the session's transaction is committed, and not before that moment.

    The moment is one of the clock of plans, and is rounded up to full ten seconds; jobs for the same moment
    are one. A clock that is moved later does not move the job.
    """
    # As a statement of the session: on the driver's own connection it could come before the transaction
    # begins, and would stay after a rollback.
    kind, tree = literal(job.kind.value, Text), literal(job.master_id, Uuid)
    moment = null().cast(DateTime(timezone=True)) if run_at is None else run_at
    await session.execute(select(func.mandant_enqueue(kind, tree, literal(job.subject_id, Uuid), moment)))
