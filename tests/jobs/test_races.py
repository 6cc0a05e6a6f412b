"""A commit and the expiry of the same reservation at once: whoever takes the cycle's lock first decides."""

import asyncio

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.sending.tables import send_reservations
from server.settings.payments import PracticePayments
from tests.client.api import Api
from tests.concurrency.gates import Gate
from tests.database.job_queue import work_off
from tests.jobs.campaigns import CREDIT, PRICE, begin_selling, names
from tests.world.brand import Brand
from tests.world.credit import balances_of, faults_of
from tests.world.sends import check_counts, reserved, settle
from tests.world.world import World

_LOCKING = "FROM send_cycles"


@pytest.fixture
async def costly(api: Api, world: World, brand: Brand) -> str:
    """A committed reservation that used the plan up, and one that holds credit."""
    await begin_selling(world, brand)
    first = await reserved(api, brand.owner, brand.store, *names(20))
    assert await settle(api, brand.owner, "sendCommit", first) == ""
    return await reserved(api, brand.owner, brand.store, "ann", "bob")


async def _end_now(world: World, brand: Brand) -> None:
    """The reservation expires now, after whoever is about to commit it has begun."""
    open_ones = update(send_reservations).where(
        send_reservations.c.account_id == brand.store.key, send_reservations.c.status == "RESERVED"
    )
    async with world.database.begin() as connection:
        await connection.execute(open_ones.values(expires_at=func.clock_timestamp()))


async def test_a_commit_that_finds_it_expired(
    api: Api, application: AsyncEngine, world: World, brand: Brand, costly: str, provider: PracticePayments
) -> None:
    """It began in time, but a worker came first."""
    gate = Gate(_LOCKING)
    committing = asyncio.create_task(gate.holding(settle(api, brand.owner, "sendCommit", costly)))
    await gate.reached()
    await _end_now(world, brand)
    await work_off(application, provider)
    gate.open()
    assert await committing == "RESERVATION_EXPIRED"
    given_back = {"OUTSIDE": -CREDIT, "CREDIT": CREDIT, "RESERVED": 0}
    assert await balances_of(world.database, brand.us) == given_back
    await check_counts(world.database, brand.master)
    assert await faults_of(world.database, brand.us, brand.master) == []


async def test_a_worker_that_finds_it_committed(
    api: Api, application: AsyncEngine, world: World, brand: Brand, costly: str, provider: PracticePayments
) -> None:
    """The commit began in time and came first, while the worker was about to give it back."""
    gate, worker_gate = Gate(_LOCKING), Gate(_LOCKING)
    committing = asyncio.create_task(gate.holding(settle(api, brand.owner, "sendCommit", costly)))
    await gate.reached()
    await _end_now(world, brand)
    working = asyncio.create_task(worker_gate.holding(work_off(application, provider)))
    await worker_gate.reached()
    gate.open()
    assert await committing == ""
    worker_gate.open()
    await working
    spent = {"OUTSIDE": 2 * PRICE - CREDIT, "CREDIT": CREDIT - 2 * PRICE, "RESERVED": 0}
    assert await balances_of(world.database, brand.us) == spent
    await check_counts(world.database, brand.master)
    assert await faults_of(world.database, brand.us, brand.master) == []
