"""Workers that are killed, or two of them: a job of each kind is done all the same, and once."""

import datetime
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.access_review.job_kinds import ACCESS_REVIEW
from models.base.ids import new_id
from models.billing.invoices import invoices
from models.billing.job_kinds import CYCLE_CHARGE, INVOICE_ISSUE
from models.billing.tables import charges
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.tables import contacts
from models.credit.job_kinds import TOP_UP
from models.domains.job_kinds import DOMAIN_CHECK
from models.domains.tables import DomainKind, domains
from models.effects.events import events
from models.effects.jobs import JobKind, job_kinds
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.payments.tables import top_ups
from models.sending.job_kinds import CYCLE_CLOSE, RESERVATION_EXPIRY
from models.sending.tables import send_cycles, send_reservations
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from models.statistics.tables import StatisticKind, StatisticPeriod, statistics
from resolvers.domains.dns import Dns
from resolvers.effects.event_types import EventType
from server.database.clock import Clock
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import NoPayments, PracticePayments
from server.start.worker import look
from tests.areas.access_review.giving import give_access_review, make_due
from tests.areas.domains.name_server import Zone, name_server
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.job_queue import let_workers_die, work_off
from tests.jobs.campaigns import CREDIT, PRICE, begin_selling, send_beyond
from tests.jobs.workers import IDLE, PRACTICE, answers_yes, working
from tests.server.deployed import deployed
from tests.server.start.processes import PATIENCE, running
from tests.waiting import until
from tests.world.billing import ISSUER, ISSUER_SETTINGS
from tests.world.brand import Brand
from tests.world.contacts import give_import
from tests.world.credit import EURO, faults_of, give_payment_method, give_top_up_rule
from tests.world.domains import MAIL_HOST, give_domain
from tests.world.plans import make_plan, subscribe
from tests.world.sends import let_expire, reserved, settle
from tests.world.statistics import count_there, counted
from tests.world.world import World

_STUCK = """
SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
_TWICE = """
INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, status)
SELECT priority, entrypoint, payload, 'queued' FROM pgq.pgqueuer WHERE status = 'queued'
"""


@dataclass(frozen=True)
class _Setting:
    """What a test has to make jobs due."""

    api: Api
    application: AsyncEngine
    world: World
    brand: Brand
    clock: Clock
    zone: Zone


async def _expired(of: _Setting) -> None:
    await begin_selling(of.world, of.brand)
    await send_beyond(of.api, of.brand)
    await let_expire(of.world.database, of.brand.store)


async def _over(of: _Setting) -> None:
    await begin_selling(of.world, of.brand)
    sent = await reserved(of.api, of.brand.owner, of.brand.store, "ann")
    assert await settle(of.api, of.brand.owner, "sendCommit", sent) == ""
    await of.clock.forward(days=32)


async def _low(of: _Setting) -> None:
    brand = of.brand
    await begin_selling(of.world, brand)
    await give_top_up_rule(of.world, brand.us, await give_payment_method(of.world, brand.us))
    between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
    values = {**between, "amount": CREDIT - 1, "idempotencyKey": str(new_id())}
    await done(of.api, "creditTransfer", brand.owner, **values)


async def _to_charge(of: _Setting) -> None:
    await _end_cycle(of.world, of.brand, of.clock)
    await look(of.application, deployed())


async def _to_invoice(of: _Setting) -> None:
    await _end_cycle(of.world, of.brand, of.clock)
    await work_off(of.application, NoPayments())


async def _to_import(of: _Setting) -> None:
    await give_import(of.world, of.brand.us)
    await look(of.application, deployed())


async def _to_check(of: _Setting) -> None:
    """All of its records are published."""
    domain = await give_domain(of.world, of.brand.us, kind=DomainKind.TRACKING)
    for record in domain.expected:
        of.zone.publish(record.type.value, record.name, record.value)
    due = update(domains).where(domains.c.id == domain.key).values(check_due_at=func.now())
    async with of.world.database.begin() as connection:
        await connection.execute(due)
    await look(of.application, deployed())


async def _to_end(of: _Setting) -> None:
    review = await give_access_review(of.world, of.brand.us)
    await make_due(of.world, review.id, at_the_end=True)
    await look(of.application, deployed())


async def _counted(of: _Setting) -> None:
    sessions = WriteSessions(of.application)
    await count_there(
        sessions, of.brand.us, counted(StatisticKind.DELIVERED, datetime.datetime.now(datetime.UTC))
    )
    async with of.world.database.begin() as connection:
        await connection.execute(text("UPDATE pgq.pgqueuer SET execute_after = now()"))


_MAKE_DUE = {
    RESERVATION_EXPIRY: _expired,
    CYCLE_CLOSE: _over,
    TOP_UP: _low,
    CYCLE_CHARGE: _to_charge,
    INVOICE_ISSUE: _to_invoice,
    CONTACT_JOB: _to_import,
    DOMAIN_CHECK: _to_check,
    ACCESS_REVIEW: _to_end,
    STATISTICS_ROLL_UP: _counted,
}


@pytest.fixture
def zone() -> Zone:
    """What the name server has."""
    return Zone()


@pytest.fixture
def dns(zone: Zone) -> Iterator[Dns]:
    """How workers ask it."""
    with name_server(zone) as found:
        yield found


@pytest.fixture
async def due(
    kind: JobKind, api: Api, application: AsyncEngine, world: World, brand: Brand, clock: Clock, zone: Zone
) -> JobKind:
    """A job of that kind has something to do, and waits in the queue."""
    await _MAKE_DUE[kind](_Setting(api, application, world, brand, clock, zone))
    return kind


async def _end_cycle(world: World, brand: Brand, clock: Clock) -> None:
    """Of a plan that is to be paid."""
    await subscribe(world, brand.master, await make_plan(world, price=EURO))
    await clock.forward(days=32)


@dataclass(frozen=True)
class _Outcome:
    """What jobs have done, in micro-units; `closed`: cycles; `issued`: invoices; `imported`: contacts;
    `told`: events of imports, of verified domains and ended keys; `added`: what was delivered."""

    bought: int = 0
    given_back: int = 0
    closed: int = 0
    charged: int = 0
    issued: int = 0
    imported: int = 0
    told: int = 0
    added: int = 0


_OUTCOMES = {
    RESERVATION_EXPIRY: _Outcome(given_back=2 * PRICE),
    CYCLE_CLOSE: _Outcome(closed=1),
    TOP_UP: _Outcome(bought=10),
    CYCLE_CHARGE: _Outcome(charged=EURO),
    INVOICE_ISSUE: _Outcome(charged=EURO, issued=1),
    CONTACT_JOB: _Outcome(imported=1, told=1),
    DOMAIN_CHECK: _Outcome(told=1),
    ACCESS_REVIEW: _Outcome(told=1),
    STATISTICS_ROLL_UP: _Outcome(added=1),
}
_LOCKED = {
    TOP_UP: "top_up_rules",
    CYCLE_CHARGE: "accounts",
    INVOICE_ISSUE: "accounts",
    CONTACT_JOB: "contact_jobs",
    DOMAIN_CHECK: "domains",
    ACCESS_REVIEW: "access_review_items",
    STATISTICS_ROLL_UP: "statistic_deltas",
}
"""Where not a cycle is."""
_ISSUERS = {INVOICE_ISSUE: ISSUER}
_SETTINGS = {
    INVOICE_ISSUE: ISSUER_SETTINGS,
    CONTACT_JOB: {"MANDANT_CONTACT_KEY": "a secret of the tests"},
    DOMAIN_CHECK: {"MANDANT_MAIL_HOST": MAIL_HOST},
}
_TOLD = (EventType.CONTACTS_IMPORTED, EventType.DOMAIN_VERIFIED, EventType.API_KEY_REVOKED)


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
    imported = select(func.count()).where(contacts.c.master_id == brand.master.master)
    told = select(func.count()).where(
        events.c.master_id == brand.master.master, events.c.type.in_([kind.value for kind in _TOLD])
    )
    added = select(func.coalesce(func.sum(statistics.c.delivered), 0)).where(
        statistics.c.master_id == brand.master.master, statistics.c.period == StatisticPeriod.DAY.value
    )
    async with world.database.connect() as connection:
        numbers = [
            int((await connection.execute(found)).scalar_one())
            for found in (top_up, expired, closed, charged, issued, imported, told, added)
        ]
    return _Outcome(*numbers)


def _asking(dns: Dns) -> dict[str, str]:
    """The setting with which a process asks it."""
    (server,) = dns.servers
    return {"MANDANT_DNS": f"{server.address}:{server.port}"}


_ELSEWHERE = {MESSAGE_DELIVERY, CAMPAIGN_EXPANSION}
"""They need a mail server: see `test_killed_deliveries.py`."""
KINDS = {name: job_kinds()[name] for name in one_in(4, job_kinds()) if job_kinds()[name] not in _ELSEWHERE}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_one_that_is_killed_at_work(
    due: JobKind,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    provider: PracticePayments,
    dns: Dns,
    tmp_path: Path,
) -> None:
    """With kill -9, in the middle of the job, before it can tell anybody. The next one does it, once."""
    before = await _outcome(world, brand)
    lock = text(f"SELECT FROM {_LOCKED.get(due, 'send_cycles')} WHERE master_id = :tree FOR UPDATE")
    settings = PRACTICE | _SETTINGS.get(due, {}) | _asking(dns)
    with running(tmp_path, "worker", DATABASE_URL=own.application, **settings) as worker:
        async with world.database.connect() as connection:
            await connection.execute(lock, {"tree": brand.master.master})
            await until(answers_yes(world, _STUCK))
            worker.process.send_signal(signal.SIGKILL)
            worker.process.wait(PATIENCE)
    assert await _outcome(world, brand) == before != _OUTCOMES[due]
    await let_workers_die(world.database)
    async with working(own, provider, _ISSUERS.get(due), dns):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[due]
    assert await faults_of(world.database, brand.us, brand.master) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_two_at_work_do_it_once(
    due: JobKind,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    provider: PracticePayments,
    dns: Dns,
) -> None:
    """Also where the job is in the queue twice."""
    async with world.database.begin() as connection:
        await connection.execute(text(_TWICE))
    issuer = _ISSUERS.get(due)
    async with working(own, provider, issuer, dns), working(own, provider, issuer, dns):
        await until(answers_yes(world, IDLE))
    assert await _outcome(world, brand) == _OUTCOMES[due]
    assert await faults_of(world.database, brand.us, brand.master) == []
