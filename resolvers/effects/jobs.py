"""Putting jobs into the queue (see `models.effects.jobs`)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    column,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.types import TypeEngine

from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.effects.jobs import Job, JobKind

_MOMENT = DateTime(timezone=True)
_SOON = datetime.timedelta(seconds=10)


async def enqueue(
    session: WriteSession, job: Job, run_at: ColumnElement[datetime.datetime] | None = None
) -> None:
    """Have a worker do the job after the transaction has committed, and not before `run_at`.

    `run_at` is a moment of the clock that plans use, rounded up to ten seconds. Jobs for the same moment are
    one job. Moving the clock later does not move the job.
    """
    kind, tree = literal(job.kind.name, Text), literal(job.master_id, Uuid)
    moment = null().cast(_MOMENT) if run_at is None else run_at
    await session.send_call(func.mandant_enqueue(kind, tree, literal(job.subject_id, Uuid), moment))


async def enqueue_shared(session: WriteSession, moments: Mapping[Job, datetime.datetime]) -> None:
    """Enqueue jobs that many transactions enqueue at once, each with its moment.

    Overdue jobs wait for ten seconds too, so that one job serves all of these transactions.
    """
    # All transactions use one order: two that enqueue the same jobs wait for each other without deadlock.
    jobs = sorted(moments, key=lambda job: job.payload)
    wanted = func.unnest(
        _array([job.kind.name for job in jobs], Text()),
        _array([job.master_id for job in jobs], Uuid()),
        _array([job.subject_id for job in jobs], Uuid()),
        _array([moments[job] for job in jobs], _MOMENT),
    ).table_valued(
        column("kind", Text()), column("tree", Uuid()), column("subject", Uuid()), column("moment", _MOMENT)
    )
    found = wanted.render_derived().c
    run_at = func.greatest(found.moment, current_moment() + _SOON)
    await session.send_call(func.mandant_enqueue(found.kind, found.tree, found.subject, run_at))


async def enqueue_due(session: WriteSession, most: int, kinds: Sequence[JobKind]) -> int:
    """Put in a job for all that is due and has none in the queue. Returns how many, at most `most`.

    `kinds`: those that somebody does; what nobody does would be due for ever.
    """
    names = _array([kind.name for kind in kinds], Text())
    enqueuing = func.mandant_enqueue_due(literal(most, Integer), names)
    return int((await session.execute(select(enqueuing))).scalar_one())


def _array(values: list[Any], of: TypeEngine[Any]) -> ColumnElement[Any]:
    return literal(values, ARRAY(of))
