"""Receivers that fail: tried again for three days, paused, told of, resumed; others never wait for them."""

import asyncio
import datetime
import time

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, text, update

from authz.policy.builtin_roles import BuiltinRole
from models.webhooks.tables import webhook_deliveries, webhook_tries
from resolvers.webhooks.schedule import MOST_TRIES, pause_after, rest_after
from tests.areas.effects.log import mails_to
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.receiver import HOST, never, status, take
from tests.areas.webhooks.site import PATIENCE, Site
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.database.settled_log import until_settled
from tests.world.brand import Brand
from tests.world.world import World

_DELIVERIES = """query ($id: ID!) { node(id: $id) { ... on Webhook { status pauseReason failingSince pausedAt
  deliveries(first: 10) { nodes { status nextTryAt finishedAt event { id }
    tries { statusCode problem milliseconds } } }
  pending: deliveries(status: PENDING) { nodes { id } } } } }"""


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    pauses = [pause_after(number) for number in range(1, MOST_TRIES + 1)]
    assert pauses.pop() is None
    waited = sum((pause for pause in pauses if pause is not None), datetime.timedelta())
    assert datetime.timedelta(days=2, hours=22) < waited < datetime.timedelta(days=3, hours=10)
    assert all(each is not None for each in pauses)
    assert rest_after(1) < rest_after(2) < rest_after(9) == rest_after(1000) == datetime.timedelta(minutes=5)


async def test_a_failed_delivery_is_tried_again_under_the_same_id(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    counted = {outcome: _counted(outcome) for outcome in ("REFUSED", "DELIVERED")}
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    await site.deliver()  # it rests, and the delivery waits
    assert len(site.receiver.taken) == 1
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    assert (seen["status"], len(seen["pending"]["nodes"])) == ("ACTIVE", 1)
    assert seen["failingSince"] is not None
    (delivery,) = seen["deliveries"]["nodes"]
    assert (delivery["status"], delivery["finishedAt"]) == ("PENDING", None)
    assert delivery["nextTryAt"] is not None
    del site.receiver.answers["/in"]
    await site.rested(webhook)
    await site.deliver()
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    assert (seen["failingSince"], seen["pending"]["nodes"]) == (None, [])
    (delivery,) = seen["deliveries"]["nodes"]
    assert (delivery["status"], delivery["nextTryAt"]) == ("DELIVERED", None)
    assert [(each["statusCode"], each["problem"]) for each in delivery["tries"]] == [
        (500, "REFUSED"),
        (204, None),
    ]
    first, second = site.receiver.taken
    assert first.id == second.id == delivery["event"]["id"]
    assert first.headers["webhook-signature"] != ""
    assert {outcome: _counted(outcome) - before for outcome, before in counted.items()} == {
        "REFUSED": 1,
        "DELIVERED": 1,
    }


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("mandant_webhook_deliveries_total", {"outcome": outcome}) or 0.0


async def test_the_tenth_failure_is_the_last(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    # Not the event that tells of it.
    await site.set_row(webhook, types=["ACCOUNT_UPDATED"])
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, "First")
    for number in range(MOST_TRIES):
        assert await site.statuses(webhook) in ([], ["PENDING"])
        await site.rested(webhook)
        await site.deliver()
        assert len(site.receiver.taken) == number + 1
    assert await site.statuses(webhook) == ["FAILED"]
    await site.rested(webhook)
    await site.deliver()
    assert len(site.receiver.taken) == MOST_TRIES
    # A replay tries the dead letter again.
    del site.receiver.answers["/in"]
    await _replay(api, brand, webhook)
    await site.rested(webhook)
    await site.deliver()
    assert set(await site.statuses(webhook)) == {"DELIVERED"}


async def test_after_three_days_it_is_paused(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    developer = await world.member(brand.us, BuiltinRole.DEVELOPER)
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    for hours, failures in ((71, 9), (73, 2)):
        ago = func.now() - text(f"interval '{hours} hours'")
        await site.set_row(webhook, failing_since=ago, failures=failures)
        await site.rested(webhook)
        await site.deliver()
        assert (await site.row(webhook))["status"] == "ACTIVE"
    await site.set_row(webhook, failures=9)
    await site.rested(webhook)
    await site.deliver()
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "FAILING")
    await until_settled(world.database)
    (event,) = [each for each in await log_of(api, brand.owner, brand.us) if each["type"] == "WEBHOOK_PAUSED"]
    assert event["subjectId"] == webhook.id
    for person in (brand.owner, developer):
        (mail,) = await mails_to(world.database, person.person.email)
        assert "was paused" in mail.subject
        assert "three days" in mail.body
    assert await mails_to(world.database, marketer.person.email) == []
    taken = len(site.receiver.taken)
    await rename(api, brand.owner, brand.us, "Second")
    await site.rested(webhook)
    await site.deliver()
    assert len(site.receiver.taken) == taken
    for field, more in (("webhookTest", {}), ("webhookReplay", _span())):
        assert await code_of(api, field, brand.owner, webhookId=webhook.id, **more) == "FAILED_PRECONDITION"
    # What came meanwhile is not lost.
    del site.receiver.answers["/in"]
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    await site.rested(webhook)
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert sorted(each.id for each in site.receiver.taken[taken:]) == sorted(log)
    assert (await site.row(webhook))["failing_since"] is None


async def test_one_that_is_gone_is_paused_at_once(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(410)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "GONE")
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    (delivery,) = seen["deliveries"]["nodes"]
    assert (delivery["status"], delivery["nextTryAt"]) == ("PENDING", None)
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    assert seen["deliveries"]["nodes"][0]["nextTryAt"] is not None


async def test_others_of_the_account_do_not_wait(site: Site, api: Api, brand: Brand, world: World) -> None:
    """Nineteen never answer; the twentieth has its event long before they are given up."""
    arrived: list[float] = []

    async def noted(*arguments: object) -> None:
        arrived.append(time.monotonic())
        await take(*arguments)  # type: ignore[arg-type]

    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    for number in range(19):
        await give_webhook(world, brand.us, site.receiver.url(f"/dead/{number}"), api_key=key)
        site.receiver.answers[f"/dead/{number}"] = never
    webhook = await give_webhook(world, brand.us, site.receiver.url("/alive"), api_key=key)
    site.receiver.answers["/alive"] = noted
    for each in ("First", "Second"):
        await rename(api, brand.owner, brand.us, each)
        begun = time.monotonic()
        delivering = asyncio.create_task(_until_idle(site))
        while len(arrived) < (1 if each == "First" else 2):
            assert time.monotonic() - begun < 20
            await asyncio.sleep(0.02)
        took = time.monotonic() - begun
        await delivering
        if each == "Second":
            # By now they are known to fail, and have places of their own.
            assert took < PATIENCE
    assert await site.statuses(webhook) == ["DELIVERED", "DELIVERED"]


async def _until_idle(site: Site) -> None:
    for _ in range(6):
        await site.courier.take()
        await asyncio.sleep(0.1)
    await site.deliver()


async def test_a_document_that_cannot_be_read_is_a_failed_try(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """It does not stop the webhook: it is told, tried again with back-off, and sent with its data."""
    document = "query ($accountId: ID!) { account(id: $accountId) { domains(first: 1) { totalCount } } }"
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"), document=document)
    await rename(api, brand.owner, brand.us, "First", "Second")
    async with world.database.connect() as other:
        await other.execute(text("LOCK TABLE domains IN ACCESS EXCLUSIVE MODE"))
        # It began after the events, so it does not hold them up.
        await site.deliver()
        await other.rollback()
    assert not site.receiver.taken
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    tries = [each["tries"] for each in seen["deliveries"]["nodes"]]
    assert [[each["problem"] for each in some] for some in tries] == [[], ["DATA_NOT_READ"]]
    assert seen["deliveries"]["nodes"][1]["nextTryAt"] > seen["deliveries"]["nodes"][0]["nextTryAt"]
    row = await site.row(webhook)
    assert (row["status"], row["lease"], row["failures"]) == ("ACTIVE", None, 1)
    await site.rested(webhook)
    await site.deliver()
    assert await site.statuses(webhook) == ["DELIVERED", "DELIVERED"]
    assert [each.json["data"] for each in site.receiver.taken] == [
        {"account": {"domains": {"totalCount": 0}}}
    ] * 2


async def test_what_waits_is_bounded(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is not read on while too much waits; nothing is lost."""
    monkeypatch.setattr("resolvers.webhooks.rounds._MOST_WAITING", 3)
    monkeypatch.setattr("server.webhooks.following.PAGE", 2)
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    site.receiver.answers["/in"] = status(500)
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(9)])
    for _ in range(4):
        await site.rested(webhook)
        await site.deliver()
    assert len(await site.statuses(webhook)) == 4
    del site.receiver.answers["/in"]
    await site.rested(webhook)
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert {each.id for each in site.receiver.taken} == set(log)
    assert await site.statuses(webhook) == ["DELIVERED"] * 9


async def test_a_replay_delivers_what_was_there_before_the_webhook(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    await rename(api, brand.owner, brand.us, "Before", "Later")
    await until_settled(world.database)
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await site.deliver()
    assert not site.receiver.taken
    await _replay(api, brand, webhook)
    assert (
        await code_of(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_span())
        == "FAILED_PRECONDITION"
    )
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert sorted(each.id for each in site.receiver.taken) == sorted(log)
    row = await site.row(webhook)
    assert (row["replay_since"], row["replay_until"], row["replay_cursor"]) == (None, None, None)
    await _replay(api, brand, webhook)
    await site.deliver()
    assert len({each.id for each in site.receiver.taken}) < len(site.receiver.taken)


async def test_a_replay_of_all_that_there_is(site: Site, api: Api, brand: Brand, world: World) -> None:
    """Also with the first and the last moment of the calendar."""
    await rename(api, brand.owner, brand.us, "Before", "Later")
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    ever = {"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59.999999Z"}
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **ever)
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert sorted(each.id for each in site.receiver.taken) == sorted(log)
    assert (await site.row(webhook))["replay_until"] is None


async def test_a_span_that_is_none(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    span = _span()
    turned = {"since": span["until"], "until": span["since"]}
    to_come = {"since": span["until"], "until": "2999-01-01T00:00:00Z"}
    for wrong in (turned, to_come):
        code = await code_of(api, "webhookReplay", brand.owner, webhookId=webhook.id, **wrong)
        assert code == "BAD_USER_INPUT"
    assert (await site.row(webhook))["replay_until"] is None


async def test_old_deliveries_are_deleted(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    month = func.now() - text("interval '31 days'")
    async with world.database.begin() as connection:
        own = webhook_deliveries.c.webhook_id == webhook.key
        await connection.execute(update(webhook_deliveries).where(own).values(finished_at=month))
        await connection.execute(update(webhook_tries).values(tried_at=month))
        await connection.execute(select(func.mandant_delete_old_webhook_deliveries()))
        await connection.execute(select(func.mandant_delete_old_webhook_tries()))
    assert await site.statuses(webhook) == []
    assert (await site.row(webhook))["status"] == "ACTIVE"


async def _replay(api: Api, brand: Brand, webhook: Webhook) -> None:
    await done(api, "webhookReplay", brand.owner, webhookId=webhook.id, **_span())


def _span() -> dict[str, str]:
    now = datetime.datetime.now(datetime.UTC)
    return {
        "since": (now - datetime.timedelta(hours=1)).isoformat(),
        "until": (now + datetime.timedelta(minutes=1)).isoformat(),
    }


async def test_a_host_that_is_not_public_is_told(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, f"https://nowhere.{HOST}/in")
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    seen = (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]
    (tried,) = seen["deliveries"]["nodes"][0]["tries"]
    assert (tried["statusCode"], tried["problem"]) == (None, "NAME_NOT_FOUND")
