"""A currency that is corrected while somebody books an amount in it."""

import asyncio

from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.plans import STARTER
from tests.world.world import World


def _to_francs(brand: Brand) -> dict[str, object]:
    return {"accountId": brand.master.id, "expectedVersion": 1, "currency": "CHF"}


def _in_euros(brand: Brand) -> dict[str, object]:
    return {"accountId": brand.us.id, "planId": STARTER.id, "expectedVersion": 1}


async def test_a_plan_that_waits_for_another_currency_is_not_found(api: Api, world: World) -> None:
    """Else an account of the tree would have a plan in a currency that is not the tree's."""
    brand = await brand_of(world)
    gate = Gate("UPDATE accounts")
    request = code_of(api, "accountUpdate", brand.owner, **_to_francs(brand))
    correcting = asyncio.create_task(gate.holding(request))
    await gate.reached()
    choosing = asyncio.create_task(code_of(api, "planChange", brand.owner, **_in_euros(brand)))
    assert await waits(choosing, world.database)
    gate.open()
    assert (await correcting, await choosing) == ("", "NOT_FOUND")


async def test_one_of_both_is_first(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        codes = await at_once(
            code_of(api, "accountUpdate", brand.owner, **_to_francs(brand)),
            code_of(api, "planChange", brand.owner, **_in_euros(brand)),
        )
        assert codes in (["", "NOT_FOUND"], ["ALREADY_BOOKED", ""])
