"""Deliveries that failed for good: told once a day, in the log and by mail, and never of themselves."""

from typing import Any

from sqlalchemy import func, text, update

from authz.policy.builtin_roles import BuiltinRole
from models.webhooks.tables import webhook_deliveries
from tests.areas.effects.log import mails_to
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.receiver import Answering, Taken, status, take
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.settled_log import until_settled
from tests.world.brand import Brand
from tests.world.world import World

_LOG = """query ($id: ID!) { account(id: $id) { events(orderBy: OLDEST_FIRST, first: 50) { nodes {
  id type subjectId after actorName actor { id } } } } }"""


async def _told(api: Api, brand: Brand, world: World) -> list[dict[str, Any]]:
    await until_settled(world.database)
    log = (await api.read(_LOG, brand.owner, id=brand.us.id))["account"]["events"]["nodes"]
    return [each for each in log if each["type"] == "WEBHOOK_DELIVERY_FAILED"]


async def _last_try(site: Site, webhook: Webhook) -> None:
    """What waits has its tenth try."""
    waiting = webhook_deliveries.c.webhook_id == webhook.key
    due = {"failures": 9, "next_try_at": func.now()}
    async with site.world.database.begin() as connection:
        pending = waiting & (webhook_deliveries.c.status == "PENDING")
        await connection.execute(update(webhook_deliveries).where(pending).values(due))
    await site.set_row(webhook, rests_until=None)
    await site.deliver()


async def _fail(site: Site, api: Api, brand: Brand, webhook: Webhook, *names: str) -> None:
    """Events come, and none of them is ever taken."""
    await rename(api, brand.owner, brand.us, *names)
    await site.deliver()
    await _last_try(site, webhook)


async def test_the_first_of_a_day_is_told(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    developer = await world.member(brand.us, BuiltinRole.DEVELOPER)
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    site.receiver.answers["/in"] = status(500)
    await _fail(site, api, brand, webhook, "First", "Second")
    # The event that tells of it comes behind them.
    assert (await site.statuses(webhook))[:2] == ["FAILED"] * 2
    (event,) = await _told(api, brand, world)
    first = site.receiver.taken[0].id
    delivery = event["after"].pop("delivery_id")
    assert delivery.startswith("whdl_")
    assert (event["subjectId"], event["actorName"], event["actor"]) == (webhook.id, None, None)
    assert event["after"] == {
        "url": site.receiver.url("/in"),
        "event_id": first,
        "problem": "REFUSED",
        "status_code": 500,
    }
    for person in (brand.owner, developer):
        (mail,) = await mails_to(world.database, person.person.email)
        assert mail.subject == "A delivery to a webhook on Mandant failed"
        assert "webhookDeliveryRetry" in mail.body
    assert await mails_to(world.database, marketer.person.email) == []
    await _fail(site, api, brand, webhook, "Third")
    assert len(await _told(api, brand, world)) == 1
    await site.set_row(webhook, failure_told_at=func.now() - text("interval '25 hours'"))
    await _fail(site, api, brand, webhook, "Fourth")
    assert len(await _told(api, brand, world)) == 2
    assert len(await mails_to(world.database, developer.person.email)) == 2


def _but(*refused: str) -> Answering:
    """Take all events but those of these types."""

    async def answer(taken: Taken, writer: Any) -> None:
        await (status(400) if taken.json["type"] in refused else take)(taken, writer)

    return answer


async def test_an_event_that_tells_of_it_is_not_told_of(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Two receivers that refuse what they do not know: neither is told of the other without an end."""
    hooks = [await give_webhook(world, brand.us, site.receiver.url(f"/{name}")) for name in ("one", "two")]
    site.receiver.answers["/one"] = _but("ACCOUNT_UPDATED", "WEBHOOK_DELIVERY_FAILED")
    site.receiver.answers["/two"] = _but("WEBHOOK_DELIVERY_FAILED")
    await rename(api, brand.owner, brand.us, "First")
    for _ in range(4):
        await site.deliver()
        for webhook in hooks:
            await _last_try(site, webhook)
            await site.set_row(webhook, failure_told_at=None)
    (event,) = await _told(api, brand, world)
    assert event["subjectId"] == hooks[0].id
    assert await site.statuses(hooks[0]) == ["FAILED", "FAILED"]
    assert await site.statuses(hooks[1]) == ["DELIVERED", "FAILED"]


async def test_a_test_is_not_told_of(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(500)
    await done(api, "webhookTest", brand.owner, webhookId=webhook.id)
    await site.deliver()
    assert await site.statuses(webhook) == ["FAILED"]
    assert await _told(api, brand, world) == []
    assert await mails_to(world.database, brand.owner.person.email) == []


async def test_with_the_pause_comes_one_mail(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    await site.set_row(webhook, failing_since=func.now() - text("interval '75 hours'"), failures=9)
    await _last_try(site, webhook)
    assert ((await site.row(webhook))["status"], await site.statuses(webhook)) == ("PAUSED", ["FAILED"])
    assert len(await _told(api, brand, world)) == 1
    types = [each["type"] for each in await log_of(api, brand.owner, brand.us)]
    assert types[-2:] == ["WEBHOOK_PAUSED", "WEBHOOK_DELIVERY_FAILED"]
    (mail,) = await mails_to(world.database, brand.owner.person.email)
    assert "was paused" in mail.subject
    assert "webhookDeliveryRetry" in mail.body


async def test_what_is_canceled_meanwhile_has_not_failed(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()

    async def cancel(taken: Taken, writer: Any) -> None:
        canceled = {"status": "CANCELED", "next_try_at": None, "finished_at": func.now()}
        own = webhook_deliveries.c.webhook_id == webhook.key
        async with world.database.begin() as connection:
            await connection.execute(update(webhook_deliveries).where(own).values(canceled))
        await status(500)(taken, writer)

    site.receiver.answers["/in"] = cancel
    await _last_try(site, webhook)
    assert await site.statuses(webhook) == ["CANCELED"]
    assert await _told(api, brand, world) == []
    assert (await site.row(webhook))["failure_told_at"] is None
