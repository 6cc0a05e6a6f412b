"""Closing an ended cycle, in steps that are safe to repeat."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    and_,
    any_,
    delete,
    func,
    literal,
    literal_column,
    select,
    update,
)

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.clock import current_moment
from models.base.ids import MasterId, SendCycleId
from models.billing.due import CHARGED_AFTER
from models.billing.job_kinds import CYCLE_CHARGE
from models.effects.jobs import Job
from models.sending.tables import active_contacts, contact_claims, send_cycles
from resolvers.effects.jobs import enqueue
from resolvers.sending.cycle import lock_cycle
from resolvers.sending.expire import expire_reservations

Sessions = WriteSessions
Step = Callable[[Sessions, MasterId, SendCycleId], Awaitable[None]]

BATCH = 20_000
"""So many contacts are deleted in one transaction, so that other writes to the cycle do not wait longer."""


async def close_cycle(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Run all steps for an ended cycle, and mark it as closed.

    While a reservation of it is open, or before its end, only expired reservations are released.
    """
    for step in STEPS:
        await step(sessions, master_id, cycle_id)


async def _give_back(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    async with sessions.begin() as session:
        await expire_reservations(session, master_id, cycle_id)


async def _forget_contacts(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Delete the active contacts of an ended cycle, which nothing needs any more (R98, R100). Their number
    stays."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await _forget_batch(session, master_id, cycle_id)


async def _forget_batch(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> bool:
    """Returns whether there may be more. After the last batch the cycle is closed, and is charged later."""
    if not await enter_as_worker(session, master_id):
        return False
    await lock_cycle(session, master_id, cycle_id)
    cycle = send_cycles.c
    this = and_(cycle.master_id == master_id, cycle.id == cycle_id, cycle.closed_at.is_(None))
    over: ColumnElement[bool] = func.mandant_cycle_is_over(literal(master_id, Uuid), literal(cycle_id, Uuid))
    ended = (await session.execute(select(cycle.account_id, cycle.ends_at).where(this, over))).one_or_none()
    if ended is None:
        return False
    claim = contact_claims.c
    gone = select(func.count()).select_from(_deleted(master_id, cycle_id))
    number = (await session.execute(gone)).scalar_one()
    if number == BATCH:
        return True
    await session.send_built(
        delete(contact_claims).where(claim.master_id == master_id, claim.cycle_id == cycle_id)
    )
    await session.send_built(update(send_cycles).where(this).values(closed_at=current_moment()))
    charged_at = literal(ended.ends_at + CHARGED_AFTER, DateTime(timezone=True))
    await enqueue(session, Job(CYCLE_CHARGE, master_id, ended.account_id), charged_at)
    return False


def _deleted(master_id: MasterId, cycle_id: SendCycleId) -> CTE:
    """The deleted contacts of a batch.

    They are found by their physical position. By their keys, PostgreSQL would compare each with each where it
    has no statistics of a new cycle.
    """
    batch = active_contacts.alias("batch")
    of_cycle = and_(batch.c.master_id == master_id, batch.c.cycle_id == cycle_id)
    places: Select[Any] = select(literal_column("batch.ctid")).select_from(batch).where(of_cycle).limit(BATCH)
    place: ColumnElement[str] = literal_column("active_contacts.ctid")
    gone = delete(active_contacts).where(place == any_(func.array(places.scalar_subquery())))
    return gone.returning(active_contacts.c.cycle_id).cte()


STEPS: tuple[Step, ...] = (_give_back, _forget_contacts)
"""In this order: the last step closes the cycle."""
