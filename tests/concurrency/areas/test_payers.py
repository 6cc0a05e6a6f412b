"""Who pays changes while others decide about it: whoever is second meets what the first has done (0024)."""

import asyncio

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.billing import separate
from tests.world.brand import Brand, brand_of
from tests.world.credit import own_balances
from tests.world.plans import BUSINESS, GROWTH, STARTER, subscribe
from tests.world.world import ApiKey, World


async def _paying_for_itself(world: World) -> tuple[Brand, ApiKey]:
    """A brand whose US account has its own credit and invoices, and a key of that account's."""
    brand = await brand_of(world)
    await own_balances(world, brand.us)
    await separate(world, brand.us)
    return brand, await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)


def _plan(brand: Brand, version: int = 1) -> dict[str, object]:
    return {"accountId": brand.us.id, "planId": BUSINESS.id, "expectedVersion": version}


async def test_a_plan_that_waits_for_a_change_of_mode_asks_whoever_pays_then(api: Api, world: World) -> None:
    """Of the account itself, and of one between it and who pays."""
    for between in (False, True):
        brand, key = await _paying_for_itself(world)
        changed = brand.us
        values = _plan(brand)
        if between:
            # Now the account in the middle pays, whose key decides about the one below.
            values["accountId"] = brand.store.id
        modes = {"accountId": changed.id, "mode": "CONSOLIDATED"}
        gate = Gate("INSERT INTO billing_mode_choices")
        changing = asyncio.create_task(gate.holding(code_of(api, "billingModeUpdate", brand.owner, **modes)))
        await gate.reached()
        choosing = asyncio.create_task(code_of(api, "planChange", key, **values))
        assert await waits(choosing, world.database)
        gate.open()
        assert (await changing, await choosing) == ("", "BILLED_ACCOUNT_REQUIRED")


async def test_a_plan_that_was_asked_for_before_a_change_of_mode_and_comes_after_it(
    api: Api, world: World
) -> None:
    """It asks whoever pays behind its lock, not whoever paid when it began."""
    for between in (False, True):
        brand, key = await _paying_for_itself(world)
        values = _plan(brand)
        if between:
            values["accountId"] = brand.store.id
        gate = Gate("mandant_door", after=1)  # the first time its tree is not known
        choosing = asyncio.create_task(gate.holding(code_of(api, "planChange", key, **values)))
        await gate.reached()
        modes = {"accountId": brand.us.id, "mode": "CONSOLIDATED", "expectedVersion": 1}
        assert await code_of(api, "billingModeUpdate", brand.owner, **modes) == ""
        gate.open()
        assert await choosing == "BILLED_ACCOUNT_REQUIRED"


async def test_a_change_of_mode_beside_a_plan(api: Api, world: World) -> None:
    """Either the plan is first, and whoever would take it over has read another account; or it is asked."""
    for field, mode, code in (
        ("billingModeUpdate", "CONSOLIDATED", "BILLED_ACCOUNT_REQUIRED"),
        ("creditModeUpdate", "SHARED_POOL", "POOL_ACCOUNT_REQUIRED"),
    ):
        for _ in range(ROUNDS):
            brand, key = await _paying_for_itself(world)
            modes = {"accountId": brand.us.id, "mode": mode, "expectedVersion": 1}
            outcome = await at_once(
                code_of(api, "planChange", key, **_plan(brand)), code_of(api, field, brand.owner, **modes)
            )
            assert outcome in (["", "CONFLICT"], [code, ""])


async def test_of_two_who_take_back_one_does(api: Api, world: World) -> None:
    """And what was chosen meanwhile stays."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await subscribe(world, brand.master, BUSINESS)
        waiting = {"accountId": brand.master.id, "expectedVersion": 1}
        assert await code_of(api, "planChange", brand.owner, **waiting, planId=STARTER.id) == ""
        other = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
        waiting["expectedVersion"] = 2
        codes = await at_once(
            code_of(api, "planChangeWithdraw", brand.owner, **waiting),
            code_of(api, "planChangeWithdraw", other, **waiting),
            code_of(api, "planChange", brand.owner, **waiting, planId=GROWTH.id),
        )
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT"]
