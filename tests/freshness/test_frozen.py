"""A replica that hangs: the primary answers in its place, at once when that is known."""

import asyncio

from authz.policy.builtin_roles import BuiltinRole
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.database.frozen import frozen
from tests.database.readiness import ready_answers
from tests.freshness.replica import Replica
from tests.world.world import World

pytestmark = by_night_alone

NAME = "query ($id: ID!) { account(id: $id) { name } }"
_PATIENCE = 30.0
"""Seconds; for ever is what it takes where nobody gives up."""


async def test_a_frozen_replica_rests(replicated_api: Api, replica: Replica, replicated: World) -> None:
    """More reads than it has connections are all answered; later ones do not ask it, until it goes on."""
    account = await replicated.account(name="There")
    owner = await replicated.member(account, BuiltinRole.OWNER)
    await replica.caught_up()
    api = replicated_api

    async def names(times: int) -> list[str]:
        answers = await asyncio.gather(*[api.read(NAME, owner, id=account.id) for _ in range(times)])
        return [answer["account"]["name"] for answer in answers]

    await names(15)
    with frozen(replica.cluster.data):
        async with asyncio.timeout(_PATIENCE):
            assert await names(15) == ["There"] * 15
        # In less than it takes to give one read up: it is not asked.
        async with asyncio.timeout(5):
            assert await names(30) == ["There"] * 30
        await ready_answers(api, 200, "away")
    await ready_answers(api, 200, "current")
    assert await names(15) == ["There"] * 15
