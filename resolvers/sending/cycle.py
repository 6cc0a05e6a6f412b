"""The cycle that sends count in: locked, after expired reservations were released (T18, T21)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, in_account
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
from resolvers.sending.release import Refund, is_open, release_reservations


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
    place = {"master_id": effective.master_id, "account_id": effective.subscriber_id}
    span = {"starts_at": effective.cycle_starts_at, "ends_at": effective.cycle_ends_at}
    for row in await _BEGIN.rows(session, {"id": new_id(), **place, **span}):
        over_at = literal(effective.cycle_ends_at + LAST_REQUESTS, DateTime(timezone=True))
        await enqueue(session, Job(CYCLE_CLOSE, effective.master_id, row["id"]), over_at)
    current = {"starts_at": effective.cycle_starts_at, **place}
    ids = [row["id"] for row in await _LOCK.rows(session, current)]
    expired = await _EXPIRED.rows(session, {"master_id": effective.master_id, "cycle_ids": ids})
    over = [row["id"] for row in expired]
    refunds = await release_reservations(session, effective.master_id, over, ReservationStatus.EXPIRED)
    (found,) = await _READ.rows(session, current)
    return OpenCycle(found["id"], found["contacts"], found["sends"]), refunds


def _beginning() -> FixedStatement:
    values = {
        name: bindparam(name, type_=send_cycles.c[name].type)
        for name in ("master_id", "account_id", "id", "starts_at", "ends_at")
    }
    begun = upsert(send_cycles).from_select(list(values), select(*values.values()))
    return FixedStatement(begun.on_conflict_do_nothing().returning(send_cycles.c.id))


_BEGIN = _beginning()
_CURRENT = send_cycles.c.starts_at == bindparam("starts_at", type_=DateTime(timezone=True))
_EXPIRED_IN_TREE = and_(
    send_reservations.c.master_id == NAMED.master_id,
    is_open(send_reservations),
    send_reservations.c.expires_at <= current_moment(),
)
_LOCK = FixedStatement(
    select(send_cycles.c.id)
    .where(
        in_account(send_cycles, NAMED),
        or_(_CURRENT, send_cycles.c.id.in_(select(send_reservations.c.cycle_id).where(_EXPIRED_IN_TREE))),
    )
    .order_by(send_cycles.c.starts_at)
    .with_for_update()
)
_EXPIRED = FixedStatement(
    select(send_reservations.c.id).where(
        _EXPIRED_IN_TREE, send_reservations.c.cycle_id == any_(bindparam("cycle_ids", type_=ARRAY(Uuid)))
    )
)
_READ = FixedStatement(
    select(send_cycles.c.id, send_cycles.c.contacts, send_cycles.c.sends).where(
        in_account(send_cycles, NAMED), _CURRENT
    )
)


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
    place = {"master_id": effective.master_id, "account_id": taken.account_id, "cycle_id": cycle.id}
    counts = {"new_contacts": taken.contacts, "own_contacts": taken.own_contacts, "new_sends": taken.sends}
    await _COUNT.send(session, counts | place)
    await _COUNT_OF_ACCOUNT.send(session, {"sends": taken.sends, **place})
    if not taken.price:
        return
    await _COUNT_CREDIT.send(session, {"payer_id": taken.payer_id, "amount": taken.price, **place})


def _counting() -> FixedStatement:
    cycle = send_cycles.c
    contacts, own, sends = (
        bindparam(name, type_=BigInteger()) for name in ("new_contacts", "own_contacts", "new_sends")
    )
    return FixedStatement(
        update(send_cycles)
        .where(cycle.master_id == NAMED.master_id, cycle.id == bindparam("cycle_id", type_=Uuid()))
        .values(
            contacts=cycle.contacts + contacts,
            repeated=cycle.repeated + own - contacts,
            sends=cycle.sends + sends,
        )
    )


def _adding(table: Table, key: Sequence[str], number: str) -> FixedStatement:
    """Adds to the row of this key, or makes it."""
    values = {name: bindparam(name, type_=table.c[name].type) for name in (*key, number)}
    added = upsert(table).from_select(list(values), select(*values.values()))
    sums = {number: table.c[number] + added.excluded[number]}
    return FixedStatement(added.on_conflict_do_update(index_elements=key, set_=sums))


_KEY = ("master_id", "cycle_id", "account_id")
_COUNT = _counting()
_COUNT_OF_ACCOUNT = _adding(send_counts, _KEY, "sends")
_COUNT_CREDIT = _adding(credit_counts, (*_KEY, "payer_id"), "amount")
