"""Workers that are killed, or two of them: a job of each kind is done all the same, and once."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from models.billing.invoices import invoices
from models.billing.tables import charges
from models.effects.jobs import JobKind
from models.payments.tables import top_ups
from models.sending.tables import send_cycles, send_reservations
from server.database.clock import Clock
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import NoPayments, PracticePayments
from server.start.worker import look
from tests.jobs.campaigns import CREDIT, PRICE, begin_selling, send_beyond
from tests.jobs.workers import IDLE, PRACTICE, answers_yes, working
from tests.server.start.processes import PATIENCE, running
from tests.world.api import Api
from tests.world.billing import ISSUER, ISSUER_SETTINGS
from tests.world.brand import Brand
from tests.world.credit import EURO, faults_of, give_payment_method, give_top_up_rule
from tests.world.job_queue import let_workers_die, until, work_off
from tests.world.mutations import done
from tests.world.plans import make_plan, subscribe
from tests.world.sends import let_expire, reserved, settle
from tests.world.world import World

_STUCK = """
SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
_TWICE = """
INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, status)
SELECT priority, entrypoint, payload, 'queued' FROM pgq.pgqueuer WHERE status = 'queued'
"""


@pytest.fixture
async def due(
    kind: JobKind, api: Api, application: AsyncEngine, world: World, brand: Brand, clock: Clock
) -> JobKind:
    """A job of that kind has something to do, and waits in the queue."""
    match kind:
        case JobKind.RESERVATION_EXPIRY:
            await begin_selling(world, brand)
            await send_beyond(api, brand)
            await let_expire(world.database, brand.store)
        case JobKind.CYCLE_CLOSE:
            await begin_selling(world, brand)
            sent = await reserved(api, brand.owner, brand.store, "ann")
            assert await settle(api, brand.owner, "sendCommit", sent) == ""
            await clock.forward(days=32)
        case JobKind.TOP_UP:
            await begin_selling(world, brand)
            await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
            between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
            values = {**between, "amount": CREDIT - 1, "idempotencyKey": str(new_id())}
            await done(api, "creditTransfer", brand.owner, **values)
        case JobKind.CYCLE_CHARGE:
            await _end_cycle(world, brand, clock)
            await look(application, issuing=False)
        case JobKind.INVOICE_ISSUE:
            await _end_cycle(world, brand, clock)
            await work_off(application, NoPayments())
    return kind


async def _end_cycle(world: World, brand: Brand, clock: Clock) -> None:
    """Of a plan that is to be paid."""
    await subscribe(world, brand.master, await make_plan(world, price=EURO))
    await clock.forward(days=32)


@dataclass(frozen=True)
class _Outcome:
    """What jobs have done, in micro-units; `closed`: cycles; `issued`: invoices."""

    bought: int = 0
    given_back: int = 0
    closed: int = 0
    charged: int = 0
    issued: int = 0


_OUTCOMES = {
    JobKind.RESERVATION_EXPIRY: _Outcome(given_back=2 * PRICE),
    JobKind.CYCLE_CLOSE: _Outcome(closed=1),
    JobKind.TOP_UP: _Outcome(bought=10),
    JobKind.CYCLE_CHARGE: _Outcome(charged=EURO),
    JobKind.INVOICE_ISSUE: _Outcome(charged=EURO, issued=1),
}
_LOCKED = {
    JobKind.TOP_UP: "top_up_rules",
    JobKind.CYCLE_CHARGE: "accounts",
    JobKind.INVOICE_ISSUE: "accounts",
}
"""Where not a cycle is."""
_ISSUERS = {JobKind.INVOICE_ISSUE: ISSUER}
_SETTINGS = {JobKind.INVOICE_ISSUE: ISSUER_SETTINGS}


async def _outcome(world: World, brand: Brand) -> _Outcome:
    closed = select(func.count(send_cycles.c.closed_at)).where(send_cycles.c.master_id == brand.master.master)
    top_up = select(func.coalesce(func.sum(top_ups.c.amount), 0)).where(
        top_ups.c.account_id == brand.us.key, top_ups.c.status == "SETTLED"
    )
    expired = select(func.coalesce(func.sum(send_reservations.c.price), 0)).where(
        send_reservations.c.payer_id == brand.us.key, send_reservations.c.status == "EXPIRED"
    )
    charged = select(func.coalesce(func.sum(charges.c.amount), 0)).where(
        charges.c.master_id == brand.master.master
    )
    issued = select(func.count()).where(invoices.c.master_id == brand.master.master)
    async with world.database.connect() as connection:
        numbers = [
            int((await connection.execute(found)).scalar_one())
            for found in (top_up, expired, closed, charged, issued)
        ]
    return _Outcome(*numbers)


@pytest.mark.parametrize("kind", JobKind)
async def test_one_that_is_killed_at_work(
    due: JobKind,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    provider: PracticePayments,
    tmp_path: Path,
) -> None:
    """With kill -9, in the middle of the job, before it can tell anybody. The next one does it, once."""
    before = await _outcome(world, brand)
    lock = text(f"SELECT FROM {_LOCKED.get(due, 'send_cycles')} WHERE master_id = :tree FOR UPDATE")
    settings = PRACTICE | _SETTINGS.get(due, {})
    with running(tmp_path, "worker", DATABASE_URL=own.application, **settings) as worker:
        async with world.database.connect() as connection:
            await connection.execute(lock, {"tree": brand.master.master})
            await until(answers_yes(world, _STUCK))
            worker.process.send_signal(signal.SIGKILL)
            worker.process.wait(PATIENCE)
    assert await _outcome(world, brand) == before != _OUTCOMES[due]
    await let_workers_die(world.database)
    async with working(own, provider, _ISSUERS.get(due)):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[due]
    assert await faults_of(world.database, brand.us, brand.master) == []


@pytest.mark.parametrize("kind", JobKind)
async def test_two_at_work_do_it_once(
    due: JobKind,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    provider: PracticePayments,
) -> None:
    """Also where the job is in the queue twice."""
    async with world.database.begin() as connection:
        await connection.execute(text(_TWICE))
    issuer = _ISSUERS.get(due)
    async with working(own, provider, issuer), working(own, provider, issuer):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[due]
    assert await faults_of(world.database, brand.us, brand.master) == []
