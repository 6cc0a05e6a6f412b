"""What expired reservations hold is given back by a worker, whoever sends next or not (T18)."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import MasterId, SendCycleId
from models.sending.job_kinds import CYCLE_CLOSE
from resolvers.sending.expire import expire_reservations
from server.database.clock import Clock
from server.settings.payments import PracticePayments
from tests.client.api import Api
from tests.database.job_queue import cycle_of, jobs_of, kinds_of, work_off
from tests.jobs.campaigns import CREDIT, PRICE, begin_selling, send_beyond
from tests.world.brand import Brand
from tests.world.credit import balances_of, faults_of
from tests.world.sends import check_counts, let_expire, reserved, settle, used
from tests.world.world import World

_RESERVED = {"OUTSIDE": -CREDIT, "CREDIT": CREDIT - 2 * PRICE, "RESERVED": 2 * PRICE}
_GIVEN_BACK = {"OUTSIDE": -CREDIT, "CREDIT": CREDIT, "RESERVED": 0}


@pytest.fixture
async def lapsed(api: Api, world: World, brand: Brand) -> str:
    """A reservation of the store's that holds credit, and whose time is over as that of another one."""
    await begin_selling(world, brand)
    reservation_id = await send_beyond(api, brand)
    await let_expire(world.database, brand.store)
    return reservation_id


async def test_its_credit_comes_back(
    api: Api, application: AsyncEngine, world: World, brand: Brand, lapsed: str, provider: PracticePayments
) -> None:
    assert await balances_of(world.database, brand.us) == _RESERVED
    for _ in range(2):
        await work_off(application, provider)
        assert await balances_of(world.database, brand.us) == _GIVEN_BACK
    assert await used(api, brand.owner, brand.store) == (0, 0)
    assert await settle(api, brand.owner, "sendCommit", lapsed) == "RESERVATION_EXPIRED"
    await check_counts(world.database, brand.master)
    assert await faults_of(world.database, brand.us, brand.master) == []


async def test_several_at_once_give_it_back_once(
    application: AsyncEngine, world: World, brand: Brand, lapsed: str, provider: PracticePayments
) -> None:
    await asyncio.gather(*[work_off(application, provider) for _ in range(3)])
    assert await balances_of(world.database, brand.us) == _GIVEN_BACK
    await check_counts(world.database, brand.master)
    assert await faults_of(world.database, brand.us, brand.master) == []


async def test_what_is_open_stays(
    api: Api, application: AsyncEngine, world: World, brand: Brand, provider: PracticePayments
) -> None:
    """Also where another one of the cycle has expired; and what was committed stays for good."""
    await begin_selling(world, brand)
    open_one = await send_beyond(api, brand)
    other = await reserved(api, brand.owner, brand.us, "zoe")
    await work_off(application, provider)
    assert (await balances_of(world.database, brand.us))["RESERVED"] == 3 * PRICE
    await let_expire(world.database, brand.us)
    await work_off(application, provider)
    assert await balances_of(world.database, brand.us) == _RESERVED
    assert await settle(api, brand.owner, "sendCommit", other) == "RESERVATION_EXPIRED"
    assert await settle(api, brand.owner, "sendCommit", open_one) == ""
    await let_expire(world.database, brand.store)
    await work_off(application, provider)
    assert (await balances_of(world.database, brand.us))["OUTSIDE"] == 2 * PRICE - CREDIT
    await check_counts(world.database, brand.master)


async def test_a_moved_clock_is_noticed(
    api: Api, application: AsyncEngine, world: World, brand: Brand, clock: Clock, provider: PracticePayments
) -> None:
    """Its job is for a quarter of an hour later by the database's own clock; the look finds it."""
    await begin_selling(world, brand)
    await send_beyond(api, brand)
    await clock.forward(minutes=14)
    await work_off(application, provider)
    assert await balances_of(world.database, brand.us) == _RESERVED
    await clock.forward(minutes=2)
    await work_off(application, provider)
    assert await balances_of(world.database, brand.us) == _GIVEN_BACK


async def test_a_busy_subscription_has_few_jobs(api: Api, world: World, brand: Brand) -> None:
    """One for every ten seconds in which something expires, none of them before that."""
    await begin_selling(world, brand)
    for number in range(5):
        await reserved(api, brand.owner, brand.store, f"n{number}")
    expiry = [
        row for row in await jobs_of(world.database, brand.master) if row.entrypoint == "reservation_expiry"
    ]
    assert 1 <= len(expiry) <= 2
    last = text("SELECT max(expires_at) AS last, now() AS now FROM send_reservations WHERE master_id = :tree")
    async with world.database.connect() as connection:
        found = (await connection.execute(last, {"tree": brand.master.master})).one()
    late = expiry[-1].execute_after - found.last
    assert 0 <= late.total_seconds() <= 10
    assert (await kinds_of(world.database, brand.master))[CYCLE_CLOSE] == 1


async def test_a_worker_that_dies_leaves_all_as_it_was(
    application: AsyncEngine, world: World, brand: Brand, lapsed: str, provider: PracticePayments
) -> None:
    cycle_id = SendCycleId(await cycle_of(world.database, brand.master))
    async with WriteSessions(application).try_out() as dying:
        await expire_reservations(dying, MasterId(brand.master.master), cycle_id)
    assert await balances_of(world.database, brand.us) == _RESERVED
    await work_off(application, provider)
    assert await balances_of(world.database, brand.us) == _GIVEN_BACK


async def test_a_tree_in_which_nothing_is_due_stays_closed(
    api: Api, application: AsyncEngine, world: World, brand: Brand
) -> None:
    """As where a job comes too early, or names what it should not."""
    await begin_selling(world, brand)
    await send_beyond(api, brand)
    before = await world.state(brand.master)
    cycle_id = SendCycleId(await cycle_of(world.database, brand.master))
    async with WriteSessions(application).begin() as session:
        await expire_reservations(session, MasterId(brand.master.master), cycle_id)
        seen = await session.execute(text("SELECT count(*) FROM send_reservations"))
        assert seen.scalar_one() == 0
    assert await world.state(brand.master) == before
