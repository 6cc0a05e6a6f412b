"""The same addresses entered, and lifted, by several clients at once."""

import asyncio
import random

from tests.client.api import Api
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.block_list import block, listed, unblock
from tests.world.brand import brand_of
from tests.world.world import World

_ADDRESSES = [f"{number}@example.com" for number in range(20)]


def _in_any_order() -> list[str]:
    return random.sample(_ADDRESSES, len(_ADDRESSES))


async def test_each_is_entered_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        found = await at_once(*[block(api, brand.owner, brand.us, *_in_any_order()) for _ in range(3)])
        assert sum(results.count("ADDED") for results in found) == len(_ADDRESSES)
        shown = await listed(api, brand.owner, brand.us, first=100)
        assert sorted(entry["address"] for entry in shown) == sorted(_ADDRESSES)


async def test_each_is_lifted_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await block(api, brand.owner, brand.us, *_ADDRESSES)
        found = await at_once(*[unblock(api, brand.owner, brand.us, *_in_any_order()) for _ in range(3)])
        outcomes = [result["outcome"] for results in found for result in results]
        assert outcomes.count("REMOVED") == len(_ADDRESSES)
        assert outcomes.count("NOT_BLOCKED") == 2 * len(_ADDRESSES)


async def test_one_that_is_entered_and_lifted_at_once_is_in_the_list_or_not(api: Api, world: World) -> None:
    """Whatever comes first, the results say how the list ends."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await block(api, brand.owner, brand.us, *_ADDRESSES)
        added, lifted = await asyncio.gather(
            block(api, brand.owner, brand.us, *_in_any_order()),
            unblock(api, brand.owner, brand.us, *_in_any_order()),
        )
        assert {result["outcome"] for result in lifted} == {"REMOVED"}
        assert len(await listed(api, brand.owner, brand.us, first=100)) == added.count("ADDED")
