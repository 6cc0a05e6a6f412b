"""A receiver that refuses for days what piles up: each delivery has its own ten tries, at the moments that
are told, and all of them come once it takes something again."""

import asyncio
import datetime
import time
from collections import Counter
from typing import Any

from sqlalchemy import func, select

from models.webhooks.tables import WebhookDeliveryStatus, webhook_deliveries, webhook_tries
from resolvers.webhooks.schedule import MOST_TRIES
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.receiver import Taken, never, status, take
from tests.areas.webhooks.site import PATIENCE, Site, courier_of
from tests.areas.webhooks.test_delivery import rename
from tests.client.api import Api
from tests.client.mutations import done
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.world import World

_BACKLOG = 200
_SOME_SECONDS = datetime.timedelta(seconds=20)
"""For the tries of a backlog, on a busy machine."""
_PAUSES = [
    datetime.timedelta(seconds=5),
    datetime.timedelta(minutes=5),
    datetime.timedelta(minutes=30),
    *[datetime.timedelta(hours=number) for number in (2, 5, 10, 14, 20, 24)],
]
"""As the guide tells them."""
_NEXT_TRIES = """query ($id: ID!, $after: String) { node(id: $id) { ... on Webhook {
  deliveries(first: 100, after: $after, status: PENDING) {
    nodes { nextTryAt } pageInfo { hasNextPage endCursor } } } } }"""


async def _next_tries(api: Api, brand: Brand, webhook: Webhook) -> list[datetime.datetime]:
    """Of all that waits, as clients see it."""
    found: list[datetime.datetime] = []
    after = None
    while True:
        page = (await api.read(_NEXT_TRIES, brand.owner, id=webhook.id, after=after))["node"]["deliveries"]
        found += [datetime.datetime.fromisoformat(node["nextTryAt"]) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def _tries(world: World, webhook: Webhook) -> Counter[int]:
    """How many deliveries have had how many tries."""
    of_each = (
        select(func.count(webhook_tries.c.id))
        .select_from(webhook_deliveries)
        .outerjoin(webhook_tries, webhook_tries.c.delivery_id == webhook_deliveries.c.id)
        .where(webhook_deliveries.c.webhook_id == webhook.key)
        .group_by(webhook_deliveries.c.id)
    )
    async with world.database.connect() as connection:
        return Counter((await connection.execute(of_each)).scalars())


def _but(name: str) -> Any:
    """Refuse all events but renames to this name."""

    async def answer(taken: Taken, writer: asyncio.StreamWriter) -> None:
        is_taken = taken.json["data"]["node"]["after"] == {"name": name}
        await (take if is_taken else status(500))(taken, writer)

    return answer


async def test_a_backlog_keeps_its_schedule_and_comes_at_once_in_the_end(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Of 200 events that are refused for a day and a half none waits for the others."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(_BACKLOG)])
    for number, pause in enumerate(_PAUSES[:7], start=1):
        await site.deliver()
        assert await _tries(world, webhook) == {number: _BACKLOG}
        now = datetime.datetime.now(datetime.UTC)
        moments = await _next_tries(api, brand, webhook)
        assert len(moments) == _BACKLOG
        assert now - _SOME_SECONDS < min(moments)
        assert now + pause * 0.95 - _SOME_SECONDS < min(moments)
        assert max(moments) < now + pause * 1.05
        if pause != _PAUSES[6]:
            await site.passes(webhook, pause * 1.05)
    del site.receiver.answers["/in"]
    begun = time.monotonic()
    await rename(api, brand.owner, brand.us, "It is back")
    await site.deliver()
    assert time.monotonic() - begun < _SOME_SECONDS.total_seconds()
    assert await site.statuses(webhook) == ["DELIVERED"] * (_BACKLOG + 1)
    assert await _tries(world, webhook) == {8: _BACKLOG, 1: 1}


async def test_after_three_days_nothing_of_a_backlog_is_given_up(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """At the first last try the webhook is paused; what had fewer is sent once it goes on."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await site.set_row(webhook, types=["ACCOUNT_UPDATED"])
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
    for pause in _PAUSES:
        await site.deliver()
        assert (await site.row(webhook))["status"] == "ACTIVE"
        await site.passes(webhook, pause * 1.05)
    await site.deliver()
    assert (await site.row(webhook))["pause_reason"] == "FAILING"
    assert await _tries(world, webhook) == {MOST_TRIES: 8, MOST_TRIES - 1: 12}
    assert sorted(await site.statuses(webhook)) == ["FAILED"] * 8 + ["PENDING"] * 12
    del site.receiver.answers["/in"]
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    await site.deliver()
    assert sorted(await site.statuses(webhook)) == ["DELIVERED"] * 12 + ["FAILED"] * 8


async def test_what_is_always_refused_has_its_ten_tries_in_three_days(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """However often others are taken between its tries."""
    document = "query ($eventId: ID!) { node(id: $eventId) { ... on Event { after } } }"
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"), document=document)
    await site.set_row(webhook, types=["ACCOUNT_UPDATED"])
    site.receiver.answers["/in"] = _but("Good")
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
    await site.deliver()
    # What is taken first has all of them tried once more, as they were refused while nothing was taken.
    await rename(api, brand.owner, brand.us, "Good")
    await site.deliver()
    assert await _tries(world, webhook) == {2: 20, 1: 1}
    for number, pause in enumerate(_PAUSES[1:], start=2):
        for _ in range(2):
            await rename(api, brand.owner, brand.us, "Bad for a moment", "Good")
            await site.deliver()
        assert (await _tries(world, webhook))[number] >= 20
        await site.passes(webhook, pause * 1.05)
        await site.deliver()
    statuses = await site.statuses(webhook)
    assert statuses[:20] == [WebhookDeliveryStatus.FAILED.value] * 20
    assert (await site.row(webhook))["status"] == "ACTIVE"


async def test_another_webhook_is_not_delayed(site: Site, api: Api, brand: Brand, world: World) -> None:
    """While a backlog waits for a receiver that never answers."""
    silent = await give_webhook(world, brand.us, site.receiver.url("/silent"))
    site.receiver.answers["/silent"] = never
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
    other = await give_webhook(world, brand.us, site.receiver.url("/other"))
    courier = courier_of(site.own, site.dns, site.trusted)
    async with courier.at_work():
        await until(lambda: _has_come(site, "/silent"))
        begun = time.monotonic()
        await rename(api, brand.owner, brand.us, "First")
        await until(lambda: _has_come(site, "/other"))
        assert time.monotonic() - begun < PATIENCE
    assert await site.statuses(other) == ["DELIVERED"]
    assert set(await site.statuses(silent)) == {"PENDING"}


async def _has_come(site: Site, path: str) -> bool:
    return bool(site.receiver.at(path))
