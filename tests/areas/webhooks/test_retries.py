"""A delivery that people have tried at once."""

from sqlalchemy import func, text, update

from authz.policy.builtin_roles import BuiltinRole
from models.effects.attempts import attempts
from tests.areas.webhooks.giving import give_delivery, give_webhook
from tests.areas.webhooks.ordering import (
    delivery_of,
    seen_of,
    stored_deliveries,
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
    last = (await seen_of(api, brand, webhook))["deliveries"]["nodes"][0]
    site.receiver.taken.clear()
    async with world.database.begin() as connection:
        overdue = func.now() - text("interval '1 hour'")
        await connection.execute(waiting_for(webhook).values(next_try_at=overdue))
    del site.receiver.answers["/in"]
    fields = "delivery { id status }"
    made = await done(api, "webhookDeliveryRetry", brand.owner, fields, deliveryId=last["id"])
    assert made["delivery"] == {"id": last["id"], "status": "PENDING"}
    await site.deliver()
    # Eight are under way together.
    assert last["event"]["id"] in [each.id for each in site.receiver.taken[:8]]
    assert (await types_of(api, brand, world))[-1] == "WEBHOOK_DELIVERY_RETRIED"
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
        await connection.execute(waiting_for(webhook).values(failures=9, next_try_at=func.now()))
    await site.set_row(webhook, rests_until=None)
    await site.deliver()
    dead = await delivery_of(api, brand, webhook)
    assert (dead["status"], dead["nextTryAt"]) == ("FAILED", None)
    await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=dead["id"])
    await site.deliver()
    again = await delivery_of(api, brand, webhook)
    assert (again["status"], again["finishedAt"], len(again["tries"])) == ("PENDING", None, 3)
    assert again["nextTryAt"] is not None
    del site.receiver.answers["/in"]
    await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=dead["id"])
    await site.deliver()
    taken = await delivery_of(api, brand, webhook)
    assert (taken["status"], len(taken["tries"])) == ("DELIVERED", 4)
    assert len({each.id for each in site.receiver.taken if each.id == taken["event"]["id"]}) == 1


async def test_what_cannot_be_retried(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    delivered = (await delivery_of(api, brand, webhook))["id"]
    test = await give_delivery(world, webhook)
    paused = await give_webhook(world, brand.us, paused=True)
    waiting = await give_delivery(world, paused, event_id=webhook.key)
    foreign = await give_delivery(world, await give_webhook(world, brand.uk), event_id=webhook.key)
    before = await stored_deliveries(world)
    for delivery in (delivered, test, waiting):
        refused = await attempt(api, "webhookDeliveryRetry", brand.owner, deliveryId=delivery)
        assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "deliveryId")
    local = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    assert await code_of(api, "webhookDeliveryRetry", local, deliveryId=foreign) == "NOT_FOUND"
    # Of a webhook that is gone nothing is found.
    await done(api, "webhookDelete", brand.owner, webhookId=paused.id)
    assert await code_of(api, "webhookDeliveryRetry", brand.owner, deliveryId=waiting) == "NOT_FOUND"
    after = await stored_deliveries(world)
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
    before = await stored_deliveries(world)
    assert await code_of(api, "webhookDeliveryRetry", brand.owner, **retry) == "RATE_LIMITED"
    assert await stored_deliveries(world) == before


async def test_a_retry_while_it_is_under_way(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")

    async def retry() -> None:
        delivery = await delivery_of(api, brand, webhook)
        await done(api, "webhookDeliveryRetry", brand.owner, deliveryId=delivery["id"])

    await while_it_delivers(site, retry)
    first = (await whole_log(api, brand, world))[0]["id"]
    assert [each.id for each in site.receiver.taken].count(first) == 1
    assert set(await site.statuses(webhook)) == {"DELIVERED"}
