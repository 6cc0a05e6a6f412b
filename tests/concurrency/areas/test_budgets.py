"""Bookings at once under one cap, beside one guarantee, and while budgets change (N10, T18)."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from models.budgets.tables import BudgetCurrency
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.budgets import budget, budget_set, set_budget
from tests.world.credit import credit_of, faults_of, give_credit, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, reserve, reserved, used
from tests.world.world import World


async def _ten(world: World, **figures: int) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, **({"sends": 10} | figures)))
    return brand


async def test_two_plans_below_one_cap(api: Api, world: World, database: AsyncEngine) -> None:
    """Each has a cycle of its own to lock; the cap is one."""
    for _ in range(ROUNDS):
        brand = await _ten(world)
        await subscribe(world, brand.store, await make_plan(world))
        await set_budget(world, brand.us, 3)
        found = await at_once(
            *[reserve(api, brand.owner, account, "ann", "bob") for account in (brand.us, brand.store)]
        )
        assert sorted(attempt.code for attempt in found) == ["", "SEND_CAP_REACHED"]
        await check_counts(database, brand.master)


async def test_what_is_free_beside_a_guarantee_is_given_once(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        brand = await _ten(world)
        await set_budget(world, brand.us, None, 7)
        found = await at_once(
            reserve(api, brand.owner, brand.uk, "ann", "bob"),
            reserve(api, brand.owner, brand.master, "ann", "bob"),
            reserve(api, brand.owner, brand.store, "ann", "bob"),
        )
        codes = [attempt.code for attempt in found]
        assert (sorted(codes[:2]), codes[2]) == (["", "SEND_LIMIT_REACHED"], "")
        await check_counts(database, brand.master)


async def test_a_guarantee_waits_for_what_is_being_booked(api: Api, world: World) -> None:
    """And is refused where that leaves too little."""
    brand = await _ten(world, active_contacts=10)
    gate = Gate("INSERT INTO active_contacts")
    names = [f"n{number}" for number in range(6)]
    booking = asyncio.create_task(gate.holding(reserve(api, brand.owner, brand.uk, *names)))
    await gate.reached()
    setting = asyncio.create_task(budget(api, brand.owner, brand.us, None, 5))
    assert await waits(setting, world.database)
    gate.open()
    assert (await booking).code == ""
    assert (await setting).code == "GUARANTEE_TOO_LARGE"
    await budget_set(api, brand.owner, brand.us, None, 4)
    assert await used(api, brand.owner, brand.us) == (6, 6)


async def test_two_guarantees_of_one_plan(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await _ten(world)
        found = await at_once(*[budget(api, brand.owner, one, None, 6) for one in (brand.us, brand.uk)])
        assert sorted(attempt.code for attempt in found) == ["", "GUARANTEE_TOO_LARGE"]


async def test_a_transfer_and_a_booking_beside_promised_credit(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """What is not promised goes once."""
    for _ in range(ROUNDS):
        brand = await _ten(world, sends=1, send_price=10)
        await reserved(api, brand.owner, brand.master, "ann")
        await give_credit(world, brand.master, 30)
        await own_balances(world, brand.uk)
        await set_budget(world, brand.us, None, 15, BudgetCurrency.CREDIT)
        transfer = {"fromAccountId": brand.master.id, "toAccountId": brand.uk.id, "amount": "10"}
        codes = await at_once(
            code_of(api, "creditTransfer", brand.owner, **transfer, idempotencyKey="1"),
            _code(api, brand),
        )
        assert sorted(codes) == ["", "INSUFFICIENT_CREDIT"]
        assert await credit_of(database, brand.master) == 20
        assert (await reserve(api, brand.owner, brand.us, "ann")).code == ""
        assert await faults_of(database, brand.master, brand.uk) == []


async def _code(api: Api, brand: Brand) -> str:
    return (await reserve(api, brand.owner, brand.master, "ann")).code


async def test_the_last_of_a_promise_is_spent_once(api: Api, world: World, database: AsyncEngine) -> None:
    """By accounts with plans of their own, that draw from one pool."""
    for _ in range(ROUNDS):
        brand = await _ten(world, sends=1, send_price=10)
        await subscribe(world, brand.store, await make_plan(world, sends=1, send_price=10))
        for account in (brand.us, brand.store):
            await reserved(api, brand.owner, account, "ann")
        await give_credit(world, brand.master, 15)
        await set_budget(world, brand.us, None, 15, BudgetCurrency.CREDIT)
        found = await at_once(*[reserve(api, brand.owner, one, "ann") for one in (brand.us, brand.store)])
        assert sorted(attempt.code for attempt in found) == ["", "INSUFFICIENT_CREDIT"]
        assert await credit_of(database, brand.master) == 5
        await check_counts(database, brand.master)
