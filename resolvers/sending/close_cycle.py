"""What is done once a cycle has ended: step by step, each of them safe to be done again."""

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
from models.effects.jobs import Job, JobKind
from models.sending.tables import active_contacts, contact_claims, send_cycles
from resolvers.effects.jobs import enqueue
from resolvers.sending.cycle import lock_cycle
from resolvers.sending.expire import expire_reservations

Sessions = WriteSessions
Step = Callable[[Sessions, MasterId, SendCycleId], Awaitable[None]]

BATCH = 20_000
"""So many contacts are forgotten in a transaction: others of the cycle wait no longer than that takes."""


async def close_cycle(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Do what the end of a cycle asks for, and mark it as closed.

    While a reservation of it is open, or before its end, nothing but what has expired is given back.
    """
    for step in STEPS:
        await step(sessions, master_id, cycle_id)


async def _give_back(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    async with sessions.begin() as session:
        await expire_reservations(session, master_id, cycle_id)


async def _forget_contacts(sessions: Sessions, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Who was active in a cycle that has ended is of no more use (R98, R100); how many stays."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await _forget_batch(session, master_id, cycle_id)


async def _forget_batch(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> bool:
    """Whether there may be more. With the last ones the cycle is closed, and is charged later."""
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
    await session.execute(
        delete(contact_claims).where(claim.master_id == master_id, claim.cycle_id == cycle_id)
    )
    await session.execute(update(send_cycles).where(this).values(closed_at=current_moment()))
    charged_at = literal(ended.ends_at + CHARGED_AFTER, DateTime(timezone=True))
    await enqueue(session, Job(JobKind.CYCLE_CHARGE, master_id, ended.account_id), charged_at)
    return False


def _deleted(master_id: MasterId, cycle_id: SendCycleId) -> CTE:
    """The contacts of a batch, which are deleted.

    Found by their places: by their keys, PostgreSQL would compare each with each where it has no statistics
    of a cycle that is new.
    """
    batch = active_contacts.alias("batch")
    of_cycle = and_(batch.c.master_id == master_id, batch.c.cycle_id == cycle_id)
    places: Select[Any] = select(literal_column("batch.ctid")).select_from(batch).where(of_cycle).limit(BATCH)
    place: ColumnElement[str] = literal_column("active_contacts.ctid")
    gone = delete(active_contacts).where(place == any_(func.array(places.scalar_subquery())))
    return gone.returning(active_contacts.c.cycle_id).cte()


STEPS: tuple[Step, ...] = (_give_back, _forget_contacts)
"""In this order: the last one closes the cycle."""
