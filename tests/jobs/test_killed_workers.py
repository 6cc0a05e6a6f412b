"""Workers that are killed, or two of them: a job of each kind is done all the same, and once."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from models.identifiers import new_id
from models.jobs import JobKind
from models.payments import top_ups
from models.sends import send_cycles, send_reservations
from server.embedded_postgres import DatabaseAddresses
from server.payments import PracticePayments
from tests.api import Api
from tests.clock import Clock
from tests.credit import (
    faults_of,
    give_payment_method,
    give_top_up_rule,
)
from tests.job_queue import let_workers_die, until
from tests.jobs.campaigns import CREDIT, PRICE, begin_selling, send_beyond
from tests.jobs.workers import IDLE, PRACTICE, answers_yes, working
from tests.resolvers.mutations import done
from tests.resolvers.sharing import Brand
from tests.sends import let_expire, reserved, settle
from tests.server.processes import PATIENCE, running
from tests.world import World

_STUCK = """
SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
_TWICE = """
INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, status)
SELECT priority, entrypoint, payload, 'queued' FROM pgq.pgqueuer WHERE status = 'queued'
"""


async def _make_due(api: Api, world: World, brand: Brand, clock: Clock, kind: JobKind) -> None:
    """A job of that kind has something to do, and waits in the queue, put there by nobody's look."""
    await begin_selling(world, brand)
    match kind:
        case JobKind.RESERVATION_EXPIRY:
            await send_beyond(api, brand)
            await let_expire(world.database, brand.store)
        case JobKind.CYCLE_CLOSE:
            sent = await reserved(api, brand.owner, brand.store, "ann")
            assert await settle(api, brand.owner, "sendCommit", sent) == ""
            await clock.forward(days=32)
        case JobKind.TOP_UP:
            await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
            between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
            values = {**between, "amount": CREDIT - 1, "idempotencyKey": str(new_id())}
            await done(api, "creditTransfer", brand.owner, **values)


@dataclass(frozen=True)
class _Outcome:
    """What a job has done, in micro-units; `closed`: cycles."""

    bought: int = 0
    given_back: int = 0
    closed: int = 0


_OUTCOMES = {
    JobKind.RESERVATION_EXPIRY: _Outcome(given_back=2 * PRICE),
    JobKind.CYCLE_CLOSE: _Outcome(closed=1),
    JobKind.TOP_UP: _Outcome(bought=10),
}


async def _outcome(world: World, brand: Brand) -> _Outcome:
    closed = select(func.count(send_cycles.c.closed_at)).where(send_cycles.c.master_id == brand.master.master)
    top_up = select(func.coalesce(func.sum(top_ups.c.amount), 0)).where(
        top_ups.c.account_id == brand.us.key, top_ups.c.status == "SETTLED"
    )
    expired = select(func.coalesce(func.sum(send_reservations.c.price), 0)).where(
        send_reservations.c.payer_id == brand.us.key, send_reservations.c.status == "EXPIRED"
    )
    async with world.database.connect() as connection:
        bought, given_back, number = [
            int((await connection.execute(found)).scalar_one()) for found in (top_up, expired, closed)
        ]
    return _Outcome(bought, given_back, number)


@pytest.mark.parametrize("kind", JobKind)
async def test_one_that_is_killed_at_work(
    kind: JobKind,
    api: Api,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    clock: Clock,
    provider: PracticePayments,
    tmp_path: Path,
) -> None:
    """With kill -9, in the middle of the job, before it can tell anybody. The next one does it, once."""
    await _make_due(api, world, brand, clock, kind)
    table = "top_up_rules" if kind is JobKind.TOP_UP else "send_cycles"
    lock = text(f"SELECT FROM {table} WHERE master_id = :tree FOR UPDATE")
    with running(tmp_path, "worker", DATABASE_URL=own.application, **PRACTICE) as worker:
        async with world.database.connect() as connection:
            await connection.execute(lock, {"tree": brand.master.master})
            await until(answers_yes(world, _STUCK))
            worker.process.send_signal(signal.SIGKILL)
            worker.process.wait(PATIENCE)
    assert await _outcome(world, brand) == _Outcome()
    await let_workers_die(world.database)
    async with working(own, provider):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[kind]
    assert await faults_of(world.database, brand.us, brand.master) == []


@pytest.mark.parametrize("kind", JobKind)
async def test_two_at_work_do_it_once(
    kind: JobKind,
    api: Api,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    clock: Clock,
    provider: PracticePayments,
) -> None:
    """Also where the job is in the queue twice."""
    await _make_due(api, world, brand, clock, kind)
    async with world.database.begin() as connection:
        await connection.execute(text(_TWICE))
    async with working(own, provider), working(own, provider):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[kind]
    assert await faults_of(world.database, brand.us, brand.master) == []
