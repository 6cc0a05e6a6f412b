"""Charging and issuing as jobs: when they are put in, what becomes of one that fails, and nothing spins."""

import asyncio
import datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.accounts.tables import accounts
from models.base.ids import AccountId, AccountKey, MasterId
from models.billing.invoices import invoices
from models.billing.job_kinds import CYCLE_CHARGE, INVOICE_ISSUE
from models.billing.tables import charges
from models.effects.jobs import Job, JobKind
from models.plans.tables import plans
from resolvers.billing.charge import charge_cycle
from resolvers.billing.status_history import SuspendedAccounts
from server.commands.jobs import held_jobs, retry_held_jobs
from server.database.clock import Clock
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import NoPayments
from server.start.worker import look
from tests.client.api import Api
from tests.database.job_queue import jobs_of, put_in, ready_jobs, work_off
from tests.engine.statements import statements
from tests.jobs.workers import IDLE, answers_yes, working
from tests.server.deployed import deployed
from tests.waiting import until
from tests.world.billing import ISSUER, invoices_of, issue, lines_of, send, separate, with_ended_cycles
from tests.world.credit import EURO, give_credit, own_balances
from tests.world.plans import choose, make_plan, subscribe
from tests.world.world import Account, World

_CYCLE_ENDS_AT = text("SELECT ends_at FROM send_cycles WHERE account_id = :account")


def _job(kind: JobKind, account: Account) -> Job:
    return Job(kind, MasterId(account.master), account.key)


async def _charged(world: World, *found: Account) -> list[bool]:
    """Of each of the accounts, whether it has paid for a cycle."""
    statement = select(charges.c.account_id).where(charges.c.account_id.in_([one.key for one in found]))
    async with world.database.connect() as connection:
        known = set((await connection.execute(statement)).scalars())
    return [account.key in known for account in found]


async def _invoiced(world: World, *found: Account) -> list[int]:
    """Of each of the accounts, how many invoices it has got."""
    statement = select(invoices.c.account_id).where(invoices.c.account_id.in_([one.key for one in found]))
    async with world.database.connect() as connection:
        known = list((await connection.execute(statement)).scalars())
    return [known.count(account.key) for account in found]


async def _waits_for(world: World, account: Account, kind: JobKind) -> list[datetime.timedelta]:
    """Of each job of that kind that is about the account, how long it was made to wait."""
    return [
        row.execute_after - row.created
        for row in await jobs_of(world.database, account)
        if Job.read(row.entrypoint, row.payload) == _job(kind, account)
    ]


async def _ids_of(world: World, account: Account) -> list[int]:
    """The jobs that are in the queue, whether they are ready or for later."""
    return [row.id for row in await jobs_of(world.database, account)]


async def test_a_cycle_that_is_closed_is_charged_an_hour_after_its_end(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    await subscribe(world, master, await make_plan(world, price=EURO))
    await send(api, owner, master, "ann")
    async with world.database.connect() as connection:
        ends_at = (await connection.execute(_CYCLE_ENDS_AT, {"account": master.key})).scalar_one()
    await clock.show(ends_at + datetime.timedelta(minutes=2))
    await work_off(application, NoPayments())
    (waits,) = await _waits_for(world, master, CYCLE_CHARGE)
    assert datetime.timedelta(minutes=57) < waits <= datetime.timedelta(minutes=58, seconds=10)
    assert await _charged(world, master) == [False]


async def test_what_is_charged_is_issued_two_hours_after_the_end_of_the_invoices_cycle(
    world: World, clock: Clock, application: AsyncEngine
) -> None:
    """By one job, however many accounts come on the invoice."""
    now, plan = await clock.now(), await make_plan(world, price=EURO)
    master = await world.account()
    branches = [await world.account(master) for _ in range(3)]
    begun = now.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=10)
    for account in (master, *branches):
        await subscribe(world, account, plan, "UTC", begun)
    async with world.database.connect() as connection:
        month = text("SELECT mandant_cycle_start(:begun, 'UTC', 1)")
        ends_at = (await connection.execute(month, {"begun": begun})).scalar_one()
    await clock.show(ends_at + datetime.timedelta(minutes=50))
    await work_off(application, NoPayments(), ISSUER)
    assert await _charged(world, master, *branches) == [False] * 4, "an hour after the end"
    await clock.show(ends_at + datetime.timedelta(minutes=70))
    await work_off(application, NoPayments(), ISSUER)
    assert await _charged(world, master, *branches) == [True] * 4
    (wait,) = await _waits_for(world, master, INVOICE_ISSUE)
    assert datetime.timedelta(minutes=49) < wait <= datetime.timedelta(minutes=50, seconds=10)


async def test_many_late_charges_share_the_job_of_their_invoice(
    world: World, clock: Clock, application: AsyncEngine
) -> None:
    """Of an account that is overdue: within ten seconds, and not once for each of them."""
    (master,) = await with_ended_cycles(world, clock)
    branches = [await world.account(master) for _ in range(8)]
    plan = await make_plan(world, price=EURO)
    for branch in branches:
        await subscribe(world, branch, plan)
    await work_off(application, NoPayments())
    assert await _charged(world, master, *branches) == [True] * 9
    waits = await _waits_for(world, master, INVOICE_ISSUE)
    assert 1 <= len(waits) < 9
    for wait in waits:
        assert datetime.timedelta(seconds=10) <= wait <= datetime.timedelta(seconds=20)


async def test_a_subscription_that_sent_nothing_is_found(
    world: World, clock: Clock, application: AsyncEngine
) -> None:
    """No row of a cycle says that it ended; it is to be paid all the same, and once."""
    (account,) = await with_ended_cycles(world, clock)
    await asyncio.gather(*[look(application, deployed(issuer=ISSUER)) for _ in range(3)])
    assert len(await _waits_for(world, account, CYCLE_CHARGE)) == 1
    await work_off(application, NoPayments())
    await look(application, deployed(issuer=ISSUER))
    assert _job(CYCLE_CHARGE, account) not in await ready_jobs(application, CYCLE_CHARGE)
    assert _job(INVOICE_ISSUE, account) in await ready_jobs(application, INVOICE_ISSUE)


async def test_without_an_issuer_nothing_waits_for_one(
    world: World, clock: Clock, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    """No look puts an invoice in, and the job that a charge puts in ends without one."""
    (account,) = await with_ended_cycles(world, clock)
    await work_off(application, NoPayments())
    await put_in(world.database, INVOICE_ISSUE, _job(INVOICE_ISSUE, account).payload)
    async with working(own, NoPayments()):
        await until(answers_yes(world, IDLE))
    assert all(row.attempts == 0 for row in await jobs_of(world.database, account))
    before = await _ids_of(world, account)
    await look(application, deployed())
    assert await _ids_of(world, account) == before
    assert await held_jobs(own.application) == []
    assert await _invoiced(world, account) == [0]
    await issue(application)
    assert await _invoiced(world, account) == [1]


async def test_one_that_cannot_be_charged_is_held_while_others_are(
    world: World, clock: Clock, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    """A plan whose name is too long for a line; once it is mended, an operator has it done again."""
    wrong, *right = await with_ended_cycles(world, clock, 3)
    plan = await make_plan(world, name="x" * 500, price=10 * EURO)
    await choose(world, wrong, plan, await clock.now() - datetime.timedelta(days=30))
    # Its last try is to come.
    payload = _job(CYCLE_CHARGE, wrong).payload
    await put_in(world.database, CYCLE_CHARGE, payload, attempts=5)

    async def is_held() -> bool:
        return len(await held_jobs(own.application)) == 1

    async def are_charged() -> bool:
        return await _charged(world, *right) == [True, True]

    async with working(own, NoPayments()):
        await until(is_held)
        await until(are_charged)
    (held,) = await held_jobs(own.application)
    assert (held.kind, held.about) == ("cycle_charge", payload.decode())
    assert "ck_charges_description" in held.error
    await issue(application)
    assert await _charged(world, wrong) == [False]
    assert len(await _waits_for(world, wrong, CYCLE_CHARGE)) == 1, "nothing is put in beside it"
    assert await _invoiced(world, wrong, *right) == [0, 1, 1]
    async with world.database.begin() as connection:
        await connection.execute(update(plans).where(plans.c.id == plan.key).values(name="Short"))
    assert await retry_held_jobs(own.application) == 1
    await issue(application)
    assert await _invoiced(world, wrong, *right) == [1, 1, 1]


async def test_an_invoice_that_waits_for_a_held_charge_is_not_looked_at_again_and_again(
    api: Api, world: World, clock: Clock, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    """Nor is it issued without it."""
    (master,) = await with_ended_cycles(world, clock)
    owner, branch = await world.member(master, BuiltinRole.OWNER), await world.account(master, "Branch")
    await subscribe(world, branch, await make_plan(world, name="Small", price=EURO))
    payload = _job(CYCLE_CHARGE, branch).payload
    await put_in(world.database, CYCLE_CHARGE, payload, attempts=5, status="failed")
    await issue(application)
    before = await _ids_of(world, master)
    await look(application, deployed(issuer=ISSUER))
    assert await _ids_of(world, master) == before
    assert await _charged(world, master, branch) == [True, False]
    assert await _invoiced(world, master) == [0]
    assert await retry_held_jobs(own.application) == 1
    await issue(application)
    (only,) = await invoices_of(api, owner, master)
    assert [line[:2] for line in lines_of(only)] == [(master.name, "PLAN"), ("Branch", "PLAN")]


async def test_two_workers_share_what_is_due(
    world: World, clock: Clock, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    """Each account is billed once. One that somebody holds keeps nobody else waiting."""
    found = await with_ended_cycles(world, clock, 12)
    locked, *free = found
    lock = select(accounts.c.id).where(accounts.c.id == locked.key).with_for_update()

    async def others_are_charged() -> bool:
        return await _charged(world, *free) == [True] * 11

    async with working(own, NoPayments()), working(own, NoPayments()):
        async with world.database.begin() as connection:
            await connection.execute(lock)
            await until(others_are_charged)
            assert await _charged(world, locked) == [False]
        await until(answers_yes(world, IDLE))
    await look(application, deployed(issuer=ISSUER))
    async with working(own, NoPayments(), ISSUER), working(own, NoPayments(), ISSUER):
        await until(answers_yes(world, IDLE))
    assert await _invoiced(world, *found) == [1] * 12
    async with world.database.connect() as connection:
        sequences = list((await connection.execute(select(invoices.c.sequence))).scalars())
    assert sorted(sequences) == list(range(1, len(sequences) + 1))


@pytest.mark.parametrize("kind", [CYCLE_CHARGE, INVOICE_ISSUE])
async def test_too_early_it_does_nothing(
    world: World, clock: Clock, application: AsyncEngine, kind: JobKind
) -> None:
    """And the tree stays closed, as for whatever is not due in it."""
    account = await world.account()
    await subscribe(world, account, await make_plan(world, price=EURO))
    await clock.forward(days=20)
    await put_in(world.database, kind, _job(kind, account).payload)
    before = await world.state(account)
    await work_off(application, NoPayments(), ISSUER)
    assert await world.state(account) == before
    assert await _charged(world, account) == [False]
    assert await _invoiced(world, account) == [0]
    seen = text("SELECT count(*) FROM accounts WHERE master_id = :tree")
    for days, is_open in ((0, False), (15, True)):
        await clock.forward(days=days)
        async with application.connect() as connection:
            enter = text("SELECT mandant_enter_as_worker(:tree)")
            assert (await connection.execute(enter, {"tree": account.master})).scalar_one() is is_open
            assert ((await connection.execute(seen, {"tree": account.master})).scalar_one() > 0) is is_open


async def test_the_number_of_statements_does_not_grow_with_those_who_are_billed(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    """Of one cycle, which branches with invoices of their own have sent in."""
    counts = []
    for count in (1, 6):
        master = await world.account()
        owner = await world.member(master, BuiltinRole.OWNER)
        await subscribe(world, master, await make_plan(world, price=EURO, sends=1, send_price=EURO))
        await send(api, owner, master, "ann")
        branches = [await world.account(master) for _ in range(count)]
        await own_balances(world, *branches)
        for branch in branches:
            await give_credit(world, branch, EURO)
            await separate(world, branch)
            await send(api, owner, branch, "ann")
        await clock.forward(days=35)
        with statements() as sent:
            async with WriteSessions(application).begin() as session:
                due = AccountKey(MasterId(master.master), AccountId(master.key))
                assert await charge_cycle(session, due, SuspendedAccounts.PAUSE)
        counts.append(len(sent))
        assert await _charged(world, *branches) == [True] * count
        for branch in branches:
            assert len(await _waits_for(world, branch, INVOICE_ISSUE)) == 1
        await clock.reset()
    assert counts[0] == counts[1]
