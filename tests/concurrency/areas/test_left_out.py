"""An address that is blocked while a reservation for it is under way (R68).

The reservation asks once who is left out. A block that was committed before that is respected. One that comes
later is respected by the next reservation: this one was first.
"""

import asyncio

from tests.client.api import Api
from tests.concurrency.gates import Gate
from tests.concurrency.outcomes import ROUNDS
from tests.world.block_list import block
from tests.world.brand import brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.sends import reserve, used
from tests.world.world import World

_ASKING, _COUNTING = "FROM block_entries", "INSERT INTO active_contacts"


async def test_a_block_that_is_committed_first_is_respected(api: Api, world: World) -> None:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world))
    gate = Gate(_ASKING)
    sending = asyncio.create_task(gate.holding(reserve(api, brand.owner, brand.us, "ann", "bob")))
    await gate.reached()
    assert await block(api, brand.owner, brand.master, "ann@example.com") == ["ADDED"]
    gate.open()
    assert (await sending).payload["reservation"]["recipients"] == 1
    assert await used(api, brand.owner, brand.us) == (1, 1)


async def test_a_block_that_comes_later_is_respected_by_the_next(api: Api, world: World) -> None:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world))
    gate = Gate(_COUNTING)
    sending = asyncio.create_task(gate.holding(reserve(api, brand.owner, brand.us, "ann", "bob")))
    await gate.reached()
    assert await block(api, brand.owner, brand.master, "ann@example.com") == ["ADDED"]
    gate.open()
    assert (await sending).payload["reservation"]["recipients"] == 2
    next_ = await reserve(api, brand.owner, brand.us, "ann", "bob")
    assert next_.payload["reservation"]["recipients"] == 1


async def test_both_at_once_are_done(api: Api, world: World) -> None:
    """Whichever is first, neither waits for the other or is refused."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await subscribe(world, brand.master, await make_plan(world))
        names = ("ann", "bob")
        blocking = block(api, brand.owner, brand.us, "ann@example.com")
        found = await asyncio.gather(reserve(api, brand.owner, brand.us, *names), blocking)
        assert found[1] == ["ADDED"]
        recipients = found[0].payload["reservation"]["recipients"]
        assert await used(api, brand.owner, brand.us) == (recipients, recipients)
