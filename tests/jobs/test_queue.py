"""The queue of jobs: what is put in stands and falls with the transaction that puts it in."""

import asyncio
import datetime

import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from sqlalchemy import func, literal, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.access_review.job_kinds import ACCESS_REVIEW
from models.base.clock import current_moment
from models.base.ids import MasterId, new_id
from models.billing.job_kinds import CYCLE_CHARGE, INVOICE_ISSUE
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.contacts.job_kinds import CONTACT_JOB
from models.credit.job_kinds import TOP_UP
from models.domains.job_kinds import DOMAIN_CHECK
from models.effects.jobs import Job, job_kinds
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.sending.job_kinds import CYCLE_CLOSE, RESERVATION_EXPIRY
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from resolvers.effects.jobs import enqueue
from server.database.connections import queue_connection
from server.embedded_postgres import DatabaseAddresses
from server.jobs.effects import delete_old
from server.jobs.queue import QueueSettings, queries
from server.start.worker import look
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.job_queue import job, jobs_of, kinds_of, put_in
from tests.jobs.campaigns import begin_selling, names
from tests.server.deployed import deployed
from tests.world.billing import ISSUER
from tests.world.brand import Brand
from tests.world.credit import give_credit, give_payment_method, give_top_up_rule, own_balances
from tests.world.sends import let_expire, reserve, reserved
from tests.world.world import Account, World


def _top_up_of(account: Account) -> Job:
    return Job(TOP_UP, MasterId(account.master), account.key)


async def test_it_is_there_after_the_commit_and_not_before(application: AsyncEngine, world: World) -> None:
    account = await world.account()
    async with WriteSessions(application).begin() as session:
        await enqueue(session, _top_up_of(account))
        assert await jobs_of(world.database, account) == []
    (row,) = await jobs_of(world.database, account)
    assert Job.read(row.entrypoint, row.payload) == _top_up_of(account)


async def test_a_rollback_takes_it_along(application: AsyncEngine, world: World) -> None:
    """Also where it was the first statement of the transaction."""
    account = await world.account()
    async with WriteSessions(application).try_out() as session:
        await enqueue(session, _top_up_of(account))
    assert await jobs_of(world.database, account) == []


async def test_a_refused_request_leaves_none(api: Api, world: World, brand: Brand) -> None:
    """That opens the first cycle before it is refused."""
    await begin_selling(world, brand)
    refused = await reserve(api, brand.owner, brand.us, *names(51))
    assert refused.code == "CONTACT_LIMIT_REACHED"
    assert await jobs_of(world.database, brand.master) == []
    await reserved(api, brand.owner, brand.us, *names(20))
    counted = await kinds_of(world.database, brand.master)
    assert counted == {CYCLE_CLOSE: 1, RESERVATION_EXPIRY: 1}


async def test_a_cycle_has_a_job_for_its_end(api: Api, world: World, brand: Brand) -> None:
    await begin_selling(world, brand)
    await reserved(api, brand.owner, brand.us, "ann")
    query = "query ($id: ID!) { account(id: $id) { subscription { cycleEndsAt } } }"
    shown = (await api.read(query, brand.owner, id=brand.us.id))["account"]["subscription"]
    ends_at = datetime.datetime.fromisoformat(shown["cycleEndsAt"])
    (closing,) = [
        row for row in await jobs_of(world.database, brand.us) if row.entrypoint == CYCLE_CLOSE.name
    ]
    assert 60 <= (closing.execute_after - ends_at).total_seconds() <= 70


async def test_whatever_takes_credit_below_the_threshold(api: Api, world: World, brand: Brand) -> None:
    """Puts in one job when the rule becomes due, and none while it is."""
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, 12)
    await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
    between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
    for amount, jobs in ((7, 0), (2, 1), (1, 1)):
        values = {**between, "amount": amount, "idempotencyKey": str(new_id())}
        await done(api, "creditTransfer", brand.owner, **values)
        assert (await kinds_of(world.database, brand.us))[TOP_UP] == jobs
    (row,) = await jobs_of(world.database, brand.us)
    assert Job.read(row.entrypoint, row.payload) == _top_up_of(brand.us)


async def test_a_rule_that_is_set_and_a_top_up_that_is_begun(api: Api, world: World, brand: Brand) -> None:
    await own_balances(world, brand.us)
    method = await give_payment_method(world, brand.us, "silent")
    wanted = {"accountId": brand.us.id, "paymentMethodId": method.id, "amount": 7}
    assert await api.refusal("creditTopUp", brand.owner, **wanted, idempotencyKey="1") != ""
    (settling,) = await jobs_of(world.database, brand.us)
    assert settling.execute_after - settling.created >= datetime.timedelta(seconds=30)
    await done(api, "topUpRuleUpdate", brand.owner, **wanted, threshold=5, dailyMaximum=30)
    _, beginning = await jobs_of(world.database, brand.us)
    assert beginning.execute_after == beginning.created


async def test_jobs_for_one_moment_are_one(application: AsyncEngine, world: World) -> None:
    """Rounded up to ten seconds; for another subject, kind or moment there is another one."""
    account, other = await world.account(), await world.account()
    moment = func.to_timestamp(2_000_000_001)
    sessions = WriteSessions(application)
    for seconds in (0, 9, 10):
        for subject in (account, other):
            async with sessions.begin() as session:
                later = moment + literal(datetime.timedelta(seconds=seconds))
                await enqueue(session, _top_up_of(subject), later)
    rounded = [int(row.execute_after.timestamp()) for row in await jobs_of(world.database, account)]
    assert rounded == [2_000_000_010, 2_000_000_020]
    async with sessions.begin() as session:
        kind = CYCLE_CLOSE
        await enqueue(session, Job(kind, MasterId(account.master), account.key), moment)
    assert await kinds_of(world.database, account) == {TOP_UP: 2, CYCLE_CLOSE: 1}


async def test_what_is_urgent_comes_first(application: AsyncEngine, world: World) -> None:
    """Sends first. Billing and checks of domains, which may come in thousands at once, come behind what waits
    for a payment provider, and behind files of contacts."""
    account = await world.account()
    async with WriteSessions(application).begin() as session:
        for kind in job_kinds().values():
            await enqueue(session, Job(kind, MasterId(account.master), account.key))
    rows = await jobs_of(world.database, account)
    ranked = sorted(rows, key=lambda row: (-row.priority, row.entrypoint))
    assert [job_kinds()[row.entrypoint] for row in ranked] == [
        CYCLE_CLOSE,
        MESSAGE_DELIVERY,
        RESERVATION_EXPIRY,
        STATISTICS_ROLL_UP,
        CAMPAIGN_EXPANSION,
        CONTACT_JOB,
        TOP_UP,
        ACCESS_REVIEW,
        CYCLE_CHARGE,
        DOMAIN_CHECK,
        INVOICE_ISSUE,
    ]
    assert len({row.priority for row in rows}) == 3


async def test_a_moment_that_has_passed_is_at_once(application: AsyncEngine, world: World) -> None:
    account = await world.account()
    async with WriteSessions(application).begin() as session:
        past = current_moment() - datetime.timedelta(days=1)
        await enqueue(session, _top_up_of(account), past)
    (row,) = await jobs_of(world.database, account)
    assert row.execute_after == row.created


async def test_what_is_due_without_a_job_gets_one(
    api: Api, application: AsyncEngine, world: World, brand: Brand
) -> None:
    """And one alone, by however many that look, however often."""
    await begin_selling(world, brand)
    await reserved(api, brand.owner, brand.store, "ann")
    before = await kinds_of(world.database, brand.master)
    await let_expire(world.database, brand.store)
    await asyncio.gather(*[look(application, deployed(issuer=ISSUER)) for _ in range(3)])
    await look(application, deployed(issuer=ISSUER))
    after = await kinds_of(world.database, brand.master)
    assert after - before == {RESERVATION_EXPIRY: 1}


@pytest.mark.parametrize(("status", "attempts"), [("failed", 5), ("picked", 0), ("queued", 1)])
async def test_what_is_held_or_at_work_gets_no_other(
    api: Api, application: AsyncEngine, world: World, brand: Brand, status: str, attempts: int
) -> None:
    await begin_selling(world, brand)
    await reserved(api, brand.owner, brand.store, "ann")
    (payload,) = [
        row.payload for row in await jobs_of(world.database, brand.us) if "expiry" in row.entrypoint
    ]
    await put_in(world.database, RESERVATION_EXPIRY, payload, status=status, attempts=attempts)
    before = await kinds_of(world.database, brand.master)
    await let_expire(world.database, brand.store)
    await look(application, deployed(issuer=ISSUER))
    assert await kinds_of(world.database, brand.master) == before


async def test_history_ends(application: AsyncEngine, world: World) -> None:
    job_id = await put_in(world.database, TOP_UP, b"?", status="failed", attempts=5)
    told = text(
        "INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint, created) "
        "VALUES (:id, 'failed', 1, 'top_up', now() - CAST(:age AS interval))"
    )
    async with world.database.begin() as connection:
        for age in (6, 8):
            values = {"id": job_id, "age": datetime.timedelta(days=age)}
            await connection.execute(told, values)
    await delete_old(application)
    left = text("SELECT count(*) FROM pgq.pgqueuer_log WHERE job_id = :id")
    async with world.database.connect() as connection:
        assert (await connection.execute(left, {"id": job_id})).scalar_one() == 1
    assert await job(world.database, job_id) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pgq.pgqueuer SET payload = ''",
        "UPDATE pgq.pgqueuer SET entrypoint = 'other'",
        "UPDATE pgq.pgqueuer SET dedupe_key = 'other'",
        "UPDATE pgq.pgqueuer_log SET traceback = NULL",
        "UPDATE pgq.pgqueuer_schedules SET entrypoint = 'other'",
        "DELETE FROM pgq.pgqueuer_schedules",
        "INSERT INTO pgq.pgqueuer_statistics (count) VALUES (1)",
        "TRUNCATE pgq.pgqueuer",
        "DROP TABLE pgq.pgqueuer",
        "CREATE TABLE pgq.more (id int)",
    ],
)
async def test_the_application_cannot(application: AsyncEngine, statement: str) -> None:
    async with application.connect() as connection:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await connection.execute(text(statement))


async def test_it_is_as_pgqueuer_wants_it(own: DatabaseAddresses) -> None:
    """Else another PGQueuer came with an update, and a migration is due."""
    async with queue_connection(own.application) as connection:
        plan = await queries(AsyncpgDriver(connection)).plan_upgrade()
    assert (list(plan.statements), list(plan.notes)) == ([], [])


def test_the_environment_does_not_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGQUEUER_SCHEMA", "PGQUEUER_PREFIX", "QUEUE_TABLE", "CHANNEL"):
        monkeypatch.setenv(name, "other")
    settings = QueueSettings(db_schema="pgq")
    assert (settings.qualified.queue_table, settings.channel) == ("pgq.pgqueuer", "ch_pgqueuer")
