"""What people order of a webhook: to pause, a delivery tried at once, and the end of a replay."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Update, func, select, text, update

from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import api_keys
from models.effects.attempts import attempts
from models.webhooks.tables import webhook_deliveries
from tests.areas.webhooks.giving import Webhook, give_delivery, give_webhook
from tests.areas.webhooks.receiver import Taken, status, take
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.database.settled_log import until_settled
from tests.world.brand import Brand
from tests.world.world import World

_SPAN = {"since": "2026-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}
_DELIVERIES = """query ($id: ID!) { node(id: $id) { ... on Webhook {
  status pauseReason pausedAt version deliveries(first: 100) {
    nodes { id status nextTryAt finishedAt event { id type } tries { problem } } } } } }"""


async def _seen(api: Api, brand: Brand, webhook: Webhook) -> Any:
    return (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]


async def _delivery(api: Api, brand: Brand, webhook: Webhook) -> Any:
    """The only one, or that of the first event."""
    return (await _seen(api, brand, webhook))["deliveries"]["nodes"][-1]


def _waiting(webhook: Webhook) -> Update:
    """An update of what waits for the webhook."""
    own = webhook_deliveries.c.webhook_id == webhook.key
    return update(webhook_deliveries).where(own, webhook_deliveries.c.status == "PENDING")


async def _stored(world: World) -> list[Any]:
    async with world.database.connect() as connection:
        found = select(webhook_deliveries).order_by(webhook_deliveries.c.id)
        return [tuple(row) for row in await connection.execute(found)]


async def _log(api: Api, brand: Brand, world: World) -> list[dict[str, Any]]:
    """The account's events, with the last one."""
    await until_settled(world.database)
    return await log_of(api, brand.owner, brand.us)


async def _types(api: Api, brand: Brand, world: World) -> list[str]:
    return [event["type"] for event in await _log(api, brand, world)]


async def test_a_pause_loses_nothing(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, "Waits for its next try")
    await site.deliver()
    await done(api, "webhookPause", brand.owner, webhookId=webhook.id)
    seen = await _seen(api, brand, webhook)
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
    assert (await _types(api, brand, world)).count("WEBHOOK_PAUSED") == 1
    async with world.database.begin() as connection:
        long_ago = func.now() - text("interval '90 days'")
        await connection.execute(_waiting(webhook).values(created_at=long_ago))
        await connection.execute(select(func.mandant_delete_old_webhook_deliveries()))
    del site.receiver.answers["/in"]
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    await site.rested(webhook)
    await site.deliver()
    log = [event["id"] for event in await _log(api, brand, world)]
    assert sorted(each.id for each in site.receiver.taken[1:]) == sorted(log)
    assert (await _types(api, brand, world))[-1] == "WEBHOOK_RESUMED"


async def test_a_pause_while_a_round_is_under_way(site: Site, api: Api, brand: Brand, world: World) -> None:
    """What has been sent is written down; nothing more is sent."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])

    async def pause() -> None:
        await done(api, "webhookPause", brand.owner, webhookId=webhook.id)

    await _while_it_delivers(site, pause)
    assert len(site.receiver.taken) == 8
    assert Counter(await site.statuses(webhook)) == {"DELIVERED": 8, "PENDING": 4}
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "ORDERED")


async def _while_it_delivers(site: Site, doing: Callable[[], Awaitable[None]]) -> None:
    """Do something while the receiver has requests and has not answered any."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(taken: Taken, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go_on.wait()
        await take(taken, writer)

    site.receiver.answers["/in"] = hold
    delivering = asyncio.create_task(site.deliver())
    await arrived.wait()
    await doing()
    go_on.set()
    await delivering


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


async def test_one_that_waits_is_tried_at_once_before_others(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Also while its webhook rests, and however many others are due before it."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])
    await site.deliver()
    await site.rested(webhook)
    await site.deliver()
    last = (await _seen(api, brand, webhook))["deliveries"]["nodes"][0]
    site.receiver.taken.clear()
    async with world.database.begin() as connection:
        overdue = func.now() - text("interval '1 hour'")
        await connection.execute(_waiting(webhook).values(next_try_at=overdue))
    del site.receiver.answers["/in"]
    fields = "delivery { id status }"
    made = await done(api, "webhookDeliveryRetry", brand.owner, fields, deliveryId=last["id"])
    assert made["delivery"] == {"id": last["id"], "status": "PENDING"}
    await site.deliver()
    # Eight are under way together.
    assert last["event"]["id"] in [each.id for each in site.receiver.taken[:8]]
    assert (await _types(api, brand, world))[-1] == "WEBHOOK_DELIVERY_RETRIED"
    assert set(await site.statuses(webhook)) == {"DELIVERED"}


async def test_a_test_goes_before_what_waits(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
    await site.deliver()
    await site.rested(webhook)
    site.receiver.taken.clear()
    made = await done(api, "webhookTest", brand.owner, "delivery { id }", webhookId=webhook.id)
    await site.deliver()
    assert made["delivery"]["id"] in [each.id for each in site.receiver.taken[:8]]


async def test_a_dead_letter_is_tried_again(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    async with world.database.begin() as connection:
        await connection.execute(_waiting(webhook).values(failures=9, next_try_at=func.now()))
    await site.set_row(webhook, rests_until=None)
    await site.deliver()
    dead = await _delivery(api, brand, webhook)
    assert (dead["status"], dead["nextTryAt"]) == ("FAILED", None)
    await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=dead["id"])
    await site.deliver()
    again = await _delivery(api, brand, webhook)
    assert (again["status"], again["finishedAt"], len(again["tries"])) == ("PENDING", None, 3)
    assert again["nextTryAt"] is not None
    del site.receiver.answers["/in"]
    await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=dead["id"])
    await site.deliver()
    taken = await _delivery(api, brand, webhook)
    assert (taken["status"], len(taken["tries"])) == ("DELIVERED", 4)
    assert len({each.id for each in site.receiver.taken if each.id == taken["event"]["id"]}) == 1


async def test_what_cannot_be_retried(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    delivered = (await _delivery(api, brand, webhook))["id"]
    test = await give_delivery(world, webhook)
    paused = await give_webhook(world, brand.us, paused=True)
    waiting = await give_delivery(world, paused, event_id=webhook.key)
    foreign = await give_delivery(world, await give_webhook(world, brand.uk), event_id=webhook.key)
    before = await _stored(world)
    for delivery in (delivered, test, waiting):
        refused = await attempt(api, "webhookDeliveryRetry", brand.owner, deliveryId=delivery)
        assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "deliveryId")
    local = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    assert await code_of(api, "webhookDeliveryRetry", local, deliveryId=foreign) == "NOT_FOUND"
    # Of a webhook that is gone nothing is found.
    await done(api, "webhookDelete", brand.owner, webhookId=paused.id)
    assert await code_of(api, "webhookDeliveryRetry", brand.owner, deliveryId=waiting) == "NOT_FOUND"
    after = await _stored(world)
    assert [row for row in after if row in before] == [row for row in before if row[3] != paused.key]
    assert await site.statuses(paused) == ["CANCELED"]


async def test_retries_are_limited(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us)
    delivery = await give_delivery(world, webhook, event_id=webhook.key)
    retry = {"deliveryId": delivery}
    await done(api, "webhookDeliveryRetry", brand.owner, **retry)
    async with world.database.begin() as connection:
        own = attempts.c.subject == f"retries of {webhook.key}"
        await connection.execute(update(attempts).where(own).values(count=99))
    await done(api, "webhookDeliveryRetry", brand.owner, **retry)
    before = await _stored(world)
    assert await code_of(api, "webhookDeliveryRetry", brand.owner, **retry) == "RATE_LIMITED"
    assert await _stored(world) == before


async def test_a_retry_while_it_is_under_way(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")

    async def retry() -> None:
        delivery = await _delivery(api, brand, webhook)
        await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=delivery["id"])

    await _while_it_delivers(site, retry)
    first = (await _log(api, brand, world))[0]["id"]
    assert [each.id for each in site.receiver.taken].count(first) == 1
    assert set(await site.statuses(webhook)) == {"DELIVERED"}


async def test_a_replay_that_is_canceled_sends_no_more(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.webhooks.following.PAGE", 10)
    await rename(api, brand.owner, brand.us, *[f"Before {number}" for number in range(20)])
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_SPAN)
    await rename(api, brand.owner, brand.us, "New")

    async def cancel() -> None:
        made = await done(
            api, "webhookReplayCancel", brand.owner, "webhook { replayUntil }", webhookId=webhook.id
        )
        assert made["webhook"]["replayUntil"] is None

    await _while_it_delivers(site, cancel)
    row = await site.row(webhook)
    assert (row["replay_since"], row["replay_until"], row["replay_cursor"]) == (None, None, None)
    log = await _log(api, brand, world)
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
    stored = await _stored(world)
    await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
    assert await site.row(webhook) == await site.row(webhook)
    assert await _stored(world) == stored
    assert (await _log(api, brand, world))[-1] == log[-1]
    # A delivery that was canceled can still be wanted.
    seen = (await _seen(api, brand, webhook))["deliveries"]["nodes"]
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
    (event,) = await _log(api, brand, world)
    event_id = event["id"].removeprefix("evnt_")
    await give_delivery(world, webhook, event_id=event_id)
    async with world.database.begin() as connection:
        await connection.execute(_waiting(webhook).values(is_replay=True))
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
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_SPAN)
    reader = site.courier._deliverer.reader
    replayed = type(reader).replayed
    other = {**_SPAN, "since": "2026-02-01T00:00:00Z"}
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
    before = (await _log(api, brand, world))[0]["id"]
    assert [each.id for each in site.receiver.taken].count(before) == 1
    assert (await site.row(webhook))["replay_until"] is None
    assert set(await site.statuses(webhook)) == {"DELIVERED"}


@pytest.mark.parametrize("field", ["webhookPause", "webhookReplayCancel"])
async def test_two_at_once(site: Site, api: Api, brand: Brand, world: World, field: str) -> None:
    """One changes something and tells of it, the other one finds nothing to do."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_SPAN)
    both = await asyncio.gather(*[attempt(api, field, brand.owner, webhookId=webhook.id) for _ in range(2)])
    assert [each.code for each in both] == ["", ""]
    told = {"webhookPause": "WEBHOOK_PAUSED", "webhookReplayCancel": "WEBHOOK_REPLAY_CANCELED"}[field]
    assert (await _types(api, brand, world)).count(told) == 1


async def test_settling_and_canceling_do_not_deadlock(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Both lock the webhook before its deliveries."""
    await rename(api, brand.owner, brand.us, *[f"Before {number}" for number in range(12)])
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    for _ in range(6):
        await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_SPAN)
        delivering = asyncio.create_task(site.deliver())
        while not delivering.done():
            await done(api, "webhookReplayCancel", brand.owner, webhookId=webhook.id)
        await delivering
    row = await site.row(webhook)
    assert (row["lease"], row["replay_until"]) == (None, None)
