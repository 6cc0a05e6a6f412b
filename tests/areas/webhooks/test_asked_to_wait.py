"""Receivers that answer when they want to be asked again, or never again."""

import datetime
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from models.webhooks.tables import webhook_deliveries
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.receiver import Answering, Taken, status, take
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import rename
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.brand import Brand
from tests.world.world import World

_HOUR = datetime.timedelta(hours=1)
_A_LITTLE = datetime.timedelta(minutes=1)


def _but_the_first(answering: Answering) -> Answering:
    """What comes first is answered so, and all else taken."""
    seen: list[str] = []

    async def answer(taken: Taken, writer: Any) -> None:
        seen.append(taken.id)
        await (answering if taken.id == seen[0] else take)(taken, writer)

    return answer


async def _next_tries(site: Site, webhook: Webhook) -> list[datetime.datetime | None]:
    own = select(webhook_deliveries.c.next_try_at).where(webhook_deliveries.c.webhook_id == webhook.key)
    async with site.world.database.connect() as connection:
        return list((await connection.execute(own.order_by(webhook_deliveries.c.id))).scalars())


def _in_an_hour(moment: datetime.datetime | None) -> bool:
    if moment is None:
        return False
    return abs(moment - datetime.datetime.now(datetime.UTC) - _HOUR) < _A_LITTLE


@pytest.mark.parametrize("code", [429, 503])
async def test_one_that_takes_nothing(site: Site, api: Api, brand: Brand, world: World, code: int) -> None:
    """Nothing at all is sent to it meanwhile, but what somebody orders."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(code, "retry-after: 3600")
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    (moment,) = await _next_tries(site, webhook)
    row = await site.row(webhook)
    assert _in_an_hour(moment)
    assert (_in_an_hour(row["rests_until"]), row["failures"]) == (True, 1)
    await rename(api, brand.owner, brand.us, "Second")
    await site.deliver()
    assert len(site.receiver.taken) == 1
    del site.receiver.answers["/in"]
    await done(api, "webhookTest", brand.owner, webhookId=webhook.id)
    await site.deliver()
    types = Counter(each.json["type"] for each in site.receiver.taken)
    # It took the test, so that what it refused is tried at once, too.
    assert types == {"ACCOUNT_UPDATED": 3, "TEST": 1}


async def test_one_that_takes_others_rests_too(site: Site, api: Api, brand: Brand, world: World) -> None:
    """Of twelve that are due eight are under way together: the other four wait as what was refused."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = _but_the_first(status(429, "retry-after: 3600"))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])
    await site.deliver()
    await site.deliver()
    assert len(site.receiver.taken) == 8
    assert sorted(await site.statuses(webhook)) == ["DELIVERED"] * 7 + ["PENDING"] * 5
    row = await site.row(webhook)
    assert (_in_an_hour(row["rests_until"]), row["failures"], row["failing_since"]) == (True, 0, None)
    await site.rested(webhook)
    del site.receiver.answers["/in"]
    await site.deliver()
    assert await site.statuses(webhook) == ["DELIVERED"] * 12
    assert (await site.row(webhook))["rests_until"] is None


@pytest.mark.parametrize("answering", [status(429, "retry-after: 1"), status(500, "retry-after: 3600")])
async def test_the_schedule_holds_else(
    site: Site, api: Api, brand: Brand, world: World, answering: Answering
) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = answering
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    (moment,) = await _next_tries(site, webhook)
    assert moment is not None
    waits = moment - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(seconds=2) < waits < datetime.timedelta(seconds=6)


async def test_one_that_is_gone_gets_nothing_more_whatever_it_took(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = _but_the_first(status(410))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])
    await site.deliver()
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "GONE")
    assert len(site.receiver.taken) == 8
    assert sorted(await site.statuses(webhook)) == ["DELIVERED"] * 7 + ["PENDING"] * 5
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    del site.receiver.answers["/in"]
    await site.rested(webhook)
    await site.deliver()
    assert set(await site.statuses(webhook)) == {"DELIVERED"}
