"""Events come to the receiver: signed, in order, each with what the webhook's key may read of it."""

import datetime
import json
from typing import Any

import pytest
from sqlalchemy import func
from standardwebhooks.webhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.webhooks.giving import give_webhook
from tests.areas.webhooks.receiver import HOST, Taken, status
from tests.areas.webhooks.site import Site
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.brand import Brand
from tests.world.world import Account, Member, World

_DOCUMENT = """query ($eventId: ID!, $subjectId: ID!, $accountId: ID!) {
  event: node(id: $eventId) { ... on Event { type actorName after } }
  subject: node(id: $subjectId) { id ... on ApiKey { name } }
  account(id: $accountId) { name } }"""
_LOG = """query ($id: ID!) { account(id: $id) { events(first: 100, orderBy: OLDEST_FIRST) {
  nodes { id type cursor subjectId createdAt } } } }"""

_DELIVERY = """query ($id: ID!) { node(id: $id) { ... on WebhookDelivery {
  status tries { statusCode problem } } } }"""


async def rename(api: Api, owner: Member, account: Account, *names: str) -> None:
    """One event for each name."""
    for name in names:
        await done(api, "accountUpdate", owner, accountId=account.id, name=name)


async def log_of(api: Api, owner: Member, account: Account) -> list[dict[str, Any]]:
    """The account's events, oldest first."""
    found: list[dict[str, Any]] = (await api.read(_LOG, owner, id=account.id))["account"]["events"]["nodes"]
    return found


def verified(secret: str, taken: Taken) -> Any:
    """The body, if its signature is right by the package of Standard Webhooks."""
    return StandardWebhook(secret).verify(taken.body, taken.headers)


async def test_an_event_is_delivered_once_and_signed(site: Site, api: Api, brand: Brand) -> None:
    key = await site.world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    made = await done(
        api,
        "webhookCreate",
        brand.owner,
        "webhook { id url status version types apiKey { id } } secret",
        accountId=brand.us.id,
        url=f"https://{HOST}:{site.receiver.port}/in",
        apiKeyId=key.id,
        document=_DOCUMENT,
    )
    assert made["webhook"]["apiKey"]["id"] == key.id
    await rename(api, brand.owner, brand.us, "First", "Second")
    await site.deliver()
    log = await log_of(api, brand.owner, brand.us)
    told = [event for event in log if event["type"] == "ACCOUNT_UPDATED"]
    taken = {each.id: verified(made["secret"], each) for each in site.receiver.at("/in")}
    assert [taken[event["id"]]["cursor"] for event in told] == [event["cursor"] for event in told]
    first = taken[told[0]["id"]]
    assert first["type"] == "ACCOUNT_UPDATED"
    assert first["timestamp"] == told[0]["createdAt"]
    assert (first["accountId"], first["subjectId"]) == (brand.us.id, brand.us.id)
    assert first["data"]["event"]["after"]["name"] == "First"
    assert first["data"]["account"] == {"name": "Second"}  # as it is when it is sent
    assert first["data"]["subject"] == {"id": brand.us.id}
    number = len(site.receiver.taken)
    await site.deliver()
    assert len(site.receiver.taken) == number == len(taken)
    assert {"id": log[-1]["id"]} in [{"id": each} for each in taken]
    with pytest.raises(WebhookVerificationError):
        verified("whsec_" + "A" * 43 + "=", site.receiver.taken[0])


async def test_the_first_try_keeps_the_order_of_the_log(site: Site, api: Api, brand: Brand) -> None:
    webhook = await give_webhook(site.world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert {each.id for each in site.receiver.at("/in")} == set(log)
    # Eight are under way together.
    places = [log.index(each.id) for each in site.receiver.at("/in")]
    assert all(abs(place - number) < 8 for number, place in enumerate(places))
    assert await site.statuses(webhook) == ["DELIVERED"] * len(log)


async def test_only_the_types_that_were_asked_for(site: Site, api: Api, brand: Brand) -> None:
    key = await site.world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    url = site.receiver.url("/in")
    common = {"accountId": brand.us.id, "url": url, "apiKeyId": key.id}
    await done(api, "webhookCreate", brand.owner, **common, types=["ROLE_CREATED"])
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    assert not site.receiver.taken
    await done(
        api, "roleCreate", brand.owner, accountId=brand.us.id, name="Reader", permissions=["ACCOUNT_READ"]
    )
    await site.deliver()
    assert [each.json["type"] for each in site.receiver.taken] == ["ROLE_CREATED"]
    assert "data" not in site.receiver.taken[0].json


async def test_accounts_below_are_told_of_where_it_was_asked_for(site: Site, api: Api, brand: Brand) -> None:
    key = await site.world.api_key(brand.master, BuiltinRole.ADMINISTRATOR)
    await give_webhook(site.world, brand.master, site.receiver.url("/own"), api_key=key)
    await give_webhook(
        site.world, brand.master, site.receiver.url("/all"), api_key=key, include_descendants=True
    )
    await give_webhook(site.world, brand.us, site.receiver.url("/below"), include_descendants=True)
    await rename(api, brand.owner, brand.master, "Above")
    await rename(api, brand.owner, brand.us, "Below")
    await site.deliver()
    accounts = {
        path: sorted(each.json["accountId"] for each in site.receiver.at(path))
        for path in ("/own", "/all", "/below")
    }
    # They begin in the log's order, and arrive as they come through.
    assert accounts == {
        "/own": [brand.master.id],
        "/all": sorted([brand.master.id, brand.us.id]),
        "/below": [brand.us.id],
    }


async def test_rights_are_those_at_delivery(site: Site, api: Api, brand: Brand, world: World) -> None:
    """The key sees who was invited when the event happens, and not any more when it is sent."""
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    document = "query ($eventId: ID!) { node(id: $eventId) { ... on Event { after } } }"
    await give_webhook(world, brand.us, site.receiver.url("/in"), api_key=key, document=document)
    invitation = {"accountId": brand.us.id, "email": "mia@example.com"}
    invitation["roleId"] = ROLE_IDS[BuiltinRole.ANALYST]
    await done(api, "memberInvite", brand.owner, **invitation, idempotencyKey="1")
    permissions = ["ACCOUNT_READ", "AUDIT_READ"]
    await done(api, "apiKeyUpdate", brand.owner, apiKeyId=key.id, permissions=permissions)
    await site.deliver()
    told = {each.json["type"]: each.json["data"]["node"]["after"] for each in site.receiver.taken}
    assert set(told) == {"MEMBER_INVITED", "API_KEY_UPDATED"}
    assert told == {"MEMBER_INVITED": None, "API_KEY_UPDATED": None}


async def test_a_revoked_key_pauses_the_webhook(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "Before")
    await done(api, "apiKeyRevoke", brand.owner, apiKeyId=webhook.api_key.id)
    await site.deliver()
    assert not site.receiver.taken
    row = await site.row(webhook)
    assert (row["status"], row["pause_reason"]) == ("PAUSED", "KEY_STOPPED")
    log = await log_of(api, brand.owner, brand.us)
    assert [event["type"] for event in log[-2:]] == ["API_KEY_REVOKED", "WEBHOOK_PAUSED"]
    before = await site.row(webhook)
    refused = await attempt(api, "webhookResume", brand.owner, webhookId=webhook.id)
    assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "webhookId")
    assert await site.row(webhook) == before
    # Another key, and nothing was lost.
    other = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    await done(api, "webhookUpdate", brand.owner, webhookId=webhook.id, apiKeyId=other.id)
    await site.deliver()
    assert not site.receiver.taken
    await done(api, "webhookResume", brand.owner, webhookId=webhook.id)
    await site.deliver()
    log = await log_of(api, brand.owner, brand.us)
    assert sorted(each.id for each in site.receiver.taken) == sorted(event["id"] for event in log)


async def test_a_key_without_the_log_pauses_it(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await done(api, "apiKeyUpdate", brand.owner, apiKeyId=webhook.api_key.id, permissions=["MEMBERS_READ"])
    await site.deliver()
    before = await site.row(webhook)
    assert before["pause_reason"] == "KEY_STOPPED"
    assert not site.receiver.taken
    developer = await world.member(brand.us, BuiltinRole.DEVELOPER)
    resuming = {"webhookId": webhook.id}
    assert await code_of(api, "webhookResume", developer, **resuming) == "FAILED_PRECONDITION"
    assert await site.row(webhook) == before
    await done(api, "apiKeyUpdate", brand.owner, apiKeyId=webhook.api_key.id, permissions=["AUDIT_READ"])
    await done(api, "webhookResume", developer, **resuming)
    await site.deliver()
    assert site.receiver.taken


async def test_what_is_withheld_between_two_tries(site: Site, api: Api, brand: Brand, world: World) -> None:
    """A key of the account above sees less below by the time of the second try."""
    key = await world.api_key(brand.master, BuiltinRole.ADMINISTRATOR)
    url = site.receiver.url("/in")
    webhook = await give_webhook(world, brand.master, url, api_key=key, include_descendants=True)
    site.receiver.answers["/in"] = status(503)
    await rename(api, brand.owner, brand.us, "Below")
    await site.deliver()
    assert await site.statuses(webhook) == ["PENDING"]
    await set_parent_access(world, brand.us, ParentAccess.NONE)
    del site.receiver.answers["/in"]
    await site.rested(webhook)
    await site.deliver()
    assert (await site.statuses(webhook))[0] == "WITHHELD"
    assert len(site.receiver.taken) == 1


async def test_two_secrets_while_they_overlap(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    made = await done(
        api, "webhookSecretRotate", brand.owner, "secret", webhookId=webhook.id, overlapMinutes=5
    )
    await site.deliver()
    (taken,) = site.receiver.taken
    assert len(taken.headers["webhook-signature"].split(" ")) == 2
    assert verified(webhook.secret, taken) == verified(made["secret"], taken) == json.loads(taken.body)
    before = await site.row(webhook)
    refused = await attempt(api, "webhookSecretRotate", brand.owner, webhookId=webhook.id, overlapMinutes=5)
    assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "webhookId")
    assert before["previous_secret_expires_at"].astimezone(datetime.UTC).isoformat() in refused.message
    assert await site.row(webhook) == before
    again = await done(
        api, "webhookSecretRotate", brand.owner, "secret", webhookId=webhook.id, overlapMinutes=0
    )
    await site.deliver()
    taken = site.receiver.taken[-1]
    assert verified(again["secret"], taken)
    for old in (webhook.secret, made["secret"]):
        with pytest.raises(WebhookVerificationError):
            verified(old, taken)
    # There is room again as soon as no old secret is used.
    overlap = {"webhookId": webhook.id, "overlapMinutes": 5}
    await done(api, "webhookSecretRotate", brand.owner, **overlap)
    await site.set_row(webhook, previous_secret_expires_at=func.now())
    await done(api, "webhookSecretRotate", brand.owner, **overlap)


async def test_a_test_is_sent(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    fields = "delivery { id status isTest event { id } tries { problem } }"
    made = (await done(api, "webhookTest", brand.owner, fields, webhookId=webhook.id))["delivery"]
    assert (made["status"], made["isTest"], made["event"], made["tries"]) == ("PENDING", True, None, [])
    await site.deliver()
    (taken,) = site.receiver.taken
    assert verified(webhook.secret, taken)["type"] == "TEST"
    assert taken.id == made["id"]
    seen = await api.read(_DELIVERY, brand.owner, id=made["id"])
    assert seen["node"] == {"status": "DELIVERED", "tries": [{"statusCode": 204, "problem": None}]}
