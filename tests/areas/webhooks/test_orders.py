"""What people order of a webhook: to pause, and to go on."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select, text, update

from models.api_keys.tables import api_keys
from tests.areas.webhooks.giving import give_webhook
from tests.areas.webhooks.ordering import (
    SPAN,
    seen_of,
    types_of,
    waiting_for,
    while_it_delivers,
    whole_log,
)
from tests.areas.webhooks.receiver import status
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import rename
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.world import World


async def test_a_pause_loses_nothing(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, "Waits for its next try")
    await site.deliver()
    await done(api, "webhookPause", brand.owner, webhookId=webhook.id)
    seen = await seen_of(api, brand, webhook)
    assert (seen["status"], seen["pauseReason"], seen["version"]) == ("PAUSED", "ORDERED", 2)
    assert seen["pausedAt"] is not None
    assert seen["deliveries"]["nodes"][0]["nextTryAt"] is None
    await rename(api, brand.owner, brand.us, "Comes meanwhile")
    await site.rested(webhook)
    await site.deliver()
    assert len(site.receiver.taken) == 1
    # A second time changes nothing, and neither does the age of what waits.
    row = await site.row(webhook)
    await done(api, "webhookPause", brand.owner, webhookId=webhook.id)
    assert await site.row(webhook) == row
    assert (await types_of(api, brand, world)).count("WEBHOOK_PAUSED") == 1
    async with world.database.begin() as connection:
        long_ago = func.now() - text("interval '90 days'")
        await connection.execute(waiting_for(webhook).values(created_at=long_ago))
        await connection.execute(select(func.mandant_delete_old_webhook_deliveries()))
    del site.receiver.answers["/in"]
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    await site.rested(webhook)
    await site.deliver()
    log = [event["id"] for event in await whole_log(api, brand, world)]
    assert sorted(each.id for each in site.receiver.taken[1:]) == sorted(log)
    assert (await types_of(api, brand, world))[-1] == "WEBHOOK_RESUMED"


async def test_a_pause_while_a_round_is_under_way(site: Site, api: Api, brand: Brand, world: World) -> None:
    """What has been sent is written down; nothing more is sent."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])

    async def pause() -> None:
        await done(api, "webhookPause", brand.owner, webhookId=webhook.id)

    await while_it_delivers(site, pause)
    assert len(site.receiver.taken) == 8
    assert Counter(await site.statuses(webhook)) == {"DELIVERED": 8, "PENDING": 4}
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "ORDERED")


async def test_who_pauses_need_not_mend_the_key(site: Site, api: Api, brand: Brand, world: World) -> None:
    """Who has it go on must."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    async with world.database.begin() as connection:
        own = api_keys.c.id == webhook.api_key.key
        await connection.execute(update(api_keys).where(own).values(revoked_at=func.now()))
    await done(api, "webhookPause", brand.owner, webhookId=webhook.id)
    before = await site.row(webhook)
    assert await code_of(api, "webhookResume", brand.owner, webhookId=webhook.id) == "FAILED_PRECONDITION"
    assert await site.row(webhook) == before


@pytest.mark.parametrize("field", ["webhookPause", "webhookReplayCancel"])
async def test_two_at_once(site: Site, api: Api, brand: Brand, world: World, field: str) -> None:
    """One changes something and tells of it, the other one finds nothing to do."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **SPAN)
    both = await asyncio.gather(*[attempt(api, field, brand.owner, webhookId=webhook.id) for _ in range(2)])
    assert [each.code for each in both] == ["", ""]
    told = {"webhookPause": "WEBHOOK_PAUSED", "webhookReplayCancel": "WEBHOOK_REPLAY_CANCELED"}[field]
    assert (await types_of(api, brand, world)).count(told) == 1


async def test_settling_and_canceling_do_not_deadlock(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Both lock the webhook before its deliveries."""
    await rename(api, brand.owner, brand.us, *[f"Before {number}" for number in range(12)])
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    for _ in range(6):
        await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **SPAN)
        delivering = asyncio.create_task(site.deliver())
        while not delivering.done():
            await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
        await delivering
    row = await site.row(webhook)
    assert (row["lease"], row["replay_until"]) == (None, None)
