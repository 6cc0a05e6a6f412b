"""The cycle that sends count in: locked, after expired reservations were released (T18, T21)."""

from dataclasses import dataclass

from sqlalchemy import ARRAY, DateTime, Uuid, and_, any_, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import AccountId, MasterId, SendCycleId, new_id
from models.budgets.tables import credit_counts
from models.effects.jobs import Job
from models.sending.job_kinds import CYCLE_CLOSE
from models.sending.tables import (
    LAST_REQUESTS,
    ReservationStatus,
    send_counts,
    send_cycles,
    send_reservations,
)
from resolvers.effects.jobs import enqueue
from resolvers.plans.effective_plan import EffectivePlan
from resolvers.sending.release import _OPEN, Refund, release_reservations


@dataclass(frozen=True)
class OpenCycle:
    """The current cycle of a subscription, locked, with what is used of it."""

    id: SendCycleId
    contacts: int
    sends: int


async def open_cycle(session: WriteSession, effective: EffectivePlan) -> tuple[OpenCycle, list[Refund]]:
    """Lock the current cycle, and release expired reservations of the subscription.

    The caller posts the returned credit.
    """
    cycle = send_cycles.c
    of_subscription = and_(
        cycle.master_id == effective.master_id, cycle.account_id == effective.subscriber_id
    )
    current = cycle.starts_at == effective.cycle_starts_at
    begun = (
        upsert(send_cycles)
        .values(
            master_id=effective.master_id,
            account_id=effective.subscriber_id,
            id=new_id(),
            starts_at=effective.cycle_starts_at,
            ends_at=effective.cycle_ends_at,
        )
        .on_conflict_do_nothing()
        .returning(cycle.id)
    )
    begun_id = (await session.execute(begun)).scalar_one_or_none()
    if begun_id is not None:
        over_at = literal(effective.cycle_ends_at + LAST_REQUESTS, DateTime(timezone=True))
        await enqueue(session, Job(CYCLE_CLOSE, effective.master_id, begun_id), over_at)
    expired = and_(
        send_reservations.c.master_id == effective.master_id,
        _OPEN,
        send_reservations.c.expires_at <= current_moment(),
    )
    stale = select(send_reservations.c.cycle_id).where(expired)
    locked = select(cycle.id).where(of_subscription, or_(current, cycle.id.in_(stale)))
    ids = list((await session.execute(locked.order_by(cycle.starts_at).with_for_update())).scalars())
    found = select(send_reservations.c.id).where(
        expired, send_reservations.c.cycle_id == any_(literal(ids, ARRAY(Uuid)))
    )
    over = list((await session.execute(found)).scalars())
    refunds = await release_reservations(session, effective.master_id, over, ReservationStatus.EXPIRED)
    row = (await session.execute(select(send_cycles).where(of_subscription, current))).one()
    return OpenCycle(row.id, row.contacts, row.sends), refunds


async def lock_cycle(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Lock a cycle, to settle a reservation of it."""
    cycle = send_cycles.c
    statement = select(cycle.id).where(cycle.master_id == master_id, cycle.id == cycle_id)
    await session.execute(statement.with_for_update())


@dataclass(frozen=True)
class CycleUse:
    """What an account uses: contacts that become active, contacts that it had not sent to before, sends, and
    a payer's credit in micro-units."""

    account_id: AccountId
    contacts: int
    own_contacts: int
    sends: int
    payer_id: AccountId
    price: int


async def count_use(
    session: WriteSession, effective: EffectivePlan, cycle: OpenCycle, taken: CycleUse
) -> None:
    """Count what an account uses of the cycle."""
    table = send_cycles.c
    await session.send_built(
        update(send_cycles)
        .where(table.master_id == effective.master_id, table.id == cycle.id)
        .values(
            contacts=table.contacts + taken.contacts,
            repeated=table.repeated + taken.own_contacts - taken.contacts,
            sends=table.sends + taken.sends,
        )
    )
    place = {"master_id": effective.master_id, "account_id": taken.account_id, "cycle_id": cycle.id}
    counted = upsert(send_counts).values(**place, sends=taken.sends)
    await session.send_built(
        counted.on_conflict_do_update(
            index_elements=["master_id", "cycle_id", "account_id"],
            set_={"sends": send_counts.c.sends + counted.excluded.sends},
        )
    )
    if not taken.price:
        return
    paid = upsert(credit_counts).values(**place, payer_id=taken.payer_id, amount=taken.price)
    await session.send_built(
        paid.on_conflict_do_update(
            index_elements=["master_id", "cycle_id", "account_id", "payer_id"],
            set_={"amount": credit_counts.c.amount + paid.excluded.amount},
        )
    )
