"""Reports of one address by several clients at once."""

import asyncio
import random

from tests.client.api import Api
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import brand_of
from tests.world.suppressions import SOFT_BOUNCES, ago, bounce, resubscribe, streams, unsubscribe
from tests.world.world import World

_ADDRESSES = [f"{number}@example.com" for number in range(20)]


def _in_any_order() -> list[str]:
    return random.sample(_ADDRESSES, len(_ADDRESSES))


async def test_no_soft_bounce_is_lost(api: Api, world: World) -> None:
    """Each request tells another one of all addresses: the last of them excludes each."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        found = await at_once(
            *[
                bounce(api, brand.owner, brand.us, *_in_any_order(), kind="SOFT", at=ago(days=number + 1))
                for number in range(SOFT_BOUNCES)
            ]
        )
        outcomes = [outcome for outcomes in found for outcome in outcomes]
        assert outcomes.count("EXCLUDED") == len(_ADDRESSES)
        assert outcomes.count("RECORDED") == (SOFT_BOUNCES - 1) * len(_ADDRESSES)


async def test_an_unsubscribe_is_recorded_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        at = ago(days=1)
        found = await at_once(
            *[unsubscribe(api, brand.owner, brand.us, *_in_any_order(), at=at) for _ in range(3)]
        )
        assert sum(outcomes.count("RECORDED") for outcomes in found) == len(_ADDRESSES)


async def test_an_unsubscribe_and_a_re_subscription_at_once(api: Api, world: World) -> None:
    """The contact is subscribed or not, as the outcomes say."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        address = _ADDRESSES[0]
        told, again = await asyncio.gather(
            unsubscribe(api, brand.owner, brand.us, address, at=ago(days=1)),
            resubscribe(api, brand.owner, brand.us, address),
        )
        assert told == ["RECORDED"]
        expected = {"NOT_UNSUBSCRIBED": "T", "RESUBSCRIBED": "MT"}[again]
        assert await streams(api, brand.owner, brand.us, address) == expected
