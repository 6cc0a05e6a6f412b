"""The end of a replay that people order."""

from collections import Counter
from typing import Any

import pytest

from tests.areas.webhooks.giving import give_delivery, give_webhook
from tests.areas.webhooks.ordering import (
    SPAN,
    seen_of,
    stored_deliveries,
    waiting_for,
    while_it_delivers,
    whole_log,
)
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import rename
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.brand import Brand
from tests.world.world import World


async def test_a_replay_that_is_canceled_sends_no_more(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.webhooks.following.PAGE", 10)
    await rename(api, brand.owner, brand.us, *[f"Before {number}" for number in range(20)])
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **SPAN)
    await rename(api, brand.owner, brand.us, "New")

    async def cancel() -> None:
        made = await done(
            api, "webhookReplayCancel", brand.owner, "webhook { replayUntil }", webhookId=webhook.id
        )
        assert made["webhook"]["replayUntil"] is None

    await while_it_delivers(site, cancel)
    row = await site.row(webhook)
    assert (row["replay_since"], row["replay_until"], row["replay_cursor"]) == (None, None, None)
    log = await whole_log(api, brand, world)
    new = {event["id"] for event in log[20:]}
    # Each new event came once for its own sake; of the old ones what was under way.
    came = Counter(each.id for each in site.receiver.taken)
    assert new <= came.keys()
    assert set(came.values()) == {1}
    assert len(came.keys() - new) < 10
    assert log[-1]["type"] == "WEBHOOK_REPLAY_CANCELED"
    statuses = Counter(await site.statuses(webhook))
    assert statuses == {"DELIVERED": len(came), "CANCELED": statuses["CANCELED"]}
    assert statuses["CANCELED"] > 0
    # Where there is none, nothing changes.
    stored = await stored_deliveries(world)
    await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
    assert await site.row(webhook) == row
    assert await stored_deliveries(world) == stored
    assert (await whole_log(api, brand, world))[-1] == log[-1]
    # A delivery that was canceled can still be wanted.
    seen = (await seen_of(api, brand, webhook))["deliveries"]["nodes"]
    (some, *_) = [each for each in seen if each["status"] == "CANCELED"]
    await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=some["id"])
    await site.deliver()
    assert some["event"]["id"] in [each.id for each in site.receiver.taken]


async def test_what_a_canceled_replay_would_have_sent_first_still_comes(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """A replay found a new event before the log was read on for it: its own delivery does not end."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "New")
    (event,) = await whole_log(api, brand, world)
    event_id = event["id"].removeprefix("evnt_")
    await give_delivery(world, webhook, event_id=event_id)
    async with world.database.begin() as connection:
        await connection.execute(waiting_for(webhook).values(is_replay=True))
    await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
    assert await site.statuses(webhook) == ["CANCELED"]
    await site.deliver()
    assert event["id"] in [each.id for each in site.receiver.taken]


async def test_a_new_replay_is_not_ended_by_the_page_of_an_old_one(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is canceled and another one ordered while a worker reads for the first."""
    await rename(api, brand.owner, brand.us, "Before")
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **SPAN)
    reader = site.courier._deliverer.reader
    replayed = type(reader).replayed
    other = {**SPAN, "since": "2026-02-01T00:00:00Z"}
    orders: list[str] = []

    async def slowly(self: Any, at_work: Any) -> Any:
        found = await replayed(self, at_work)
        if not orders:
            orders.append("another")
            await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
            await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **other)
            before = await site.row(webhook)
            assert before["replay_until"] is not None
        return found

    monkeypatch.setattr(type(reader), "replayed", slowly)
    await site.deliver()
    before = (await whole_log(api, brand, world))[0]["id"]
    assert [each.id for each in site.receiver.taken].count(before) == 1
    assert (await site.row(webhook))["replay_until"] is None
    assert set(await site.statuses(webhook)) == {"DELIVERED"}
