"""Making, changing and deleting webhooks: what is refused, and that nothing was changed then."""

import base64
from typing import Any

import pytest
from sqlalchemy import select, update

from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import api_keys
from models.webhooks.tables import webhooks
from resolvers.sealing.places import SealedColumn
from resolvers.webhooks.sealed_columns import PREVIOUS_SECRET, SECRET
from tests.areas.webhooks.giving import KEYRING, give_delivery, give_webhook
from tests.areas.webhooks.site import Site
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.world import Account, World

_URL = "https://hooks.example.com/in"
_WEBHOOK = "webhook { id url description types includeDescendants document status version } secret"
_LIST = """query ($id: ID!) { account(id: $id) { webhooks(first: 50) { totalCount nodes {
  id url apiKey { id } createdBy { id } account { id } previousSecretExpiresAt } } } }"""
_LARGE = "{ viewer { accounts(first: 100) { nodes { subaccounts(first: 100) { nodes { id } } } } } }"
_NODE = "query ($id: ID!) { node(id: $id) { id } }"


async def _stored(world: World, account: Account) -> list[dict[str, Any]]:
    async with world.database.connect() as connection:
        own = select(webhooks).where(webhooks.c.account_id == account.key).order_by(webhooks.c.id)
        return [dict(row) for row in (await connection.execute(own)).mappings()]


async def test_what_is_made_is_listed_and_its_secret_is_not(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    made = await done(
        api,
        "webhookCreate",
        brand.owner,
        _WEBHOOK,
        accountId=brand.us.id,
        url=_URL,
        apiKeyId=key.id,
        types=["MEMBER_INVITED", "MEMBER_JOINED"],
        description=" For the CRM ",
    )
    webhook = made["webhook"]
    assert made["secret"].startswith("whsec_")
    assert webhook == {
        "id": webhook["id"],
        "url": _URL,
        "description": "For the CRM",
        "types": ["MEMBER_INVITED", "MEMBER_JOINED"],
        "includeDescendants": False,
        "document": None,
        "status": "ACTIVE",
        "version": 1,
    }
    listed = (await api.read(_LIST, brand.owner, id=brand.us.id))["account"]["webhooks"]
    (node,) = listed["nodes"]
    assert (listed["totalCount"], node["apiKey"]["id"]) == (1, key.id)
    assert (node["createdBy"]["id"], node["account"]["id"]) == (brand.owner.person.id, brand.us.id)
    (row,) = await _stored(world, brand.us)
    assert made["secret"].encode() not in row["secret"]
    assert _opened(SECRET, row) in made["secret"]


def _opened(column: SealedColumn, row: dict[str, Any]) -> str:
    return base64.b64encode(KEYRING.open(column.place(row), row[column.name])).decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "http://hooks.example.com"}, "url"),
        ({"url": "https://127.0.0.1/in"}, "url"),
        ({"url": "https://user@hooks.example.com"}, "url"),
        ({"url": "https://hooks.example.com:25"}, "url"),
        ({"url": "https://hooks.example.com:70000"}, "url"),
        ({"url": "https://localhost/in"}, "url"),
        ({"url": "https://0x7f.1/in"}, "url"),
        ({"url": ""}, "url"),
        ({"description": ""}, "description"),
        ({"description": "x" * 201}, "description"),
        ({"document": "{"}, "document"),
        ({"document": "{ nothing }"}, "document"),
        ({"document": "mutation { signOut { userErrors { code } } }"}, "document"),
        ({"document": "query A { viewer { user { id } } } query B { viewer { user { id } } }"}, "document"),
        ({"document": "query ($id: ID!) { node(id: $id) { id } }"}, "document"),
        ({"document": "query ($eventId: [ID!]!) { nodes(ids: $eventId) { id } }"}, "document"),
        ({"document": "{ __schema { types { name } } }"}, "document"),
        ({"document": _LARGE}, "document"),
    ],
)
async def test_what_is_not_taken(
    site: Site, api: Api, brand: Brand, world: World, given: dict[str, Any], field: str
) -> None:
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    usual = {"accountId": brand.us.id, "url": _URL, "apiKeyId": key.id}
    refused = await attempt(api, "webhookCreate", brand.owner, **(usual | given))
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", field), refused
    assert await _stored(world, brand.us) == []
    webhook = await give_webhook(world, brand.us)
    before = await _stored(world, brand.us)
    refused = await attempt(api, "webhookUpdate", brand.owner, webhookId=webhook.id, **given)
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", field), refused
    assert await _stored(world, brand.us) == before


async def test_which_keys_it_may_read_with(site: Site, api: Api, brand: Brand, world: World) -> None:
    administrator = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    above = await world.api_key(brand.master, BuiltinRole.ADMINISTRATOR)
    below = await world.api_key(brand.store, BuiltinRole.ADMINISTRATOR)
    other = await world.api_key(await world.account(), BuiltinRole.ADMINISTRATOR)
    analyst = await world.api_key(brand.us, BuiltinRole.ANALYST)
    bound = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    revoked = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    await done(api, "apiKeyRevoke", brand.owner, apiKeyId=revoked.id)
    async with world.database.begin() as connection:
        narrow = update(api_keys).where(api_keys.c.id == bound.key).values(ip_ranges=["192.0.2.0/24"])
        await connection.execute(narrow)
    usual = {"accountId": brand.us.id, "url": _URL}
    for key, code in (
        (above, "NOT_FOUND"),
        (below, "NOT_FOUND"),
        (other, "NOT_FOUND"),
        (analyst, "FAILED_PRECONDITION"),
        (bound, "FAILED_PRECONDITION"),
        (revoked, "FAILED_PRECONDITION"),
    ):
        refused = await attempt(api, "webhookCreate", administrator, **usual, apiKeyId=key.id)
        assert (refused.code, refused.named) == (code, "apiKeyId"), key
    assert await _stored(world, brand.us) == []


async def test_a_developer_changes_no_webhook_of_a_stronger_key(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """The data would go where the developer says."""
    webhook = await give_webhook(world, brand.us)
    developer = await world.member(brand.us, BuiltinRole.DEVELOPER)
    changed = {"webhookId": webhook.id, "url": "https://elsewhere.example.com"}
    before = await _stored(world, brand.us)
    assert await code_of(api, "webhookUpdate", developer, **changed) == "ROLE_TOO_WIDE"
    assert await _stored(world, brand.us) == before
    assert await code_of(api, "webhookTest", developer, webhookId=webhook.id) == ""


async def test_twenty_webhooks_are_the_most(site: Site, api: Api, brand: Brand, world: World) -> None:
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    for _ in range(20):
        await give_webhook(world, brand.us, api_key=key)
    usual = {"accountId": brand.us.id, "url": _URL, "apiKeyId": key.id}
    assert await code_of(api, "webhookCreate", brand.owner, **usual) == "FAILED_PRECONDITION"
    assert len(await _stored(world, brand.us)) == 20


async def test_neither_side_of_a_link_sees_the_others_webhooks(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Those above reach down by their rights; nobody reaches up, or beside (T34)."""
    above, own = await give_webhook(world, brand.master), await give_webhook(world, brand.us)
    beside = await give_webhook(world, brand.uk)
    deliveries = {webhook.id: await give_delivery(world, webhook) for webhook in (above, own, beside)}
    local = await world.member(brand.us, BuiltinRole.OWNER)
    listed = (await api.read(_LIST, local, id=brand.us.id))["account"]["webhooks"]["nodes"]
    assert [node["id"] for node in listed] == [own.id]
    for webhook in (above, beside):
        assert (await api.read(_NODE, local, id=webhook.id))["node"] is None
        assert (await api.read(_NODE, local, id=deliveries[webhook.id]))["node"] is None
        for field, more in (
            ("webhookUpdate", {"url": _URL}),
            ("webhookDelete", {}),
            ("webhookSecretRotate", {}),
            ("webhookTest", {}),
            ("webhookReplay", {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}),
            ("webhookResume", {}),
        ):
            assert await code_of(api, field, local, webhookId=webhook.id, **more) == "NOT_FOUND", field
    assert len(await _stored(world, brand.master)) == len(await _stored(world, brand.uk)) == 1
    assert (await api.read(_NODE, brand.owner, id=own.id))["node"] == {"id": own.id}
    assert await code_of(api, "webhookDelete", brand.owner, webhookId=own.id) == ""
    assert await _stored(world, brand.us) == []
    assert (await api.read(_NODE, local, id=deliveries[own.id]))["node"] is None


async def test_closing_an_account_deletes_them(site: Site, api: Api, brand: Brand, world: World) -> None:
    """The dry run tells of it, and opening the account again does not bring them back."""
    await give_webhook(world, brand.uk)
    await give_webhook(world, brand.uk)
    uk, told = {"accountId": brand.uk.id}, {"kind": "WEBHOOKS_DELETED", "count": 2}
    tried = await done(api, "accountClose", brand.owner, "effects { kind count }", **uk, dryRun=True)
    assert told in tried["effects"]
    assert len(await _stored(world, brand.uk)) == 2
    closed = await done(api, "accountClose", brand.owner, "effects { kind count }", **uk)
    assert told in closed["effects"]
    assert await _stored(world, brand.uk) == []
    await done(api, "accountReopen", brand.owner, **uk)
    assert await _stored(world, brand.uk) == []


async def test_old_secrets_are_sealed_again(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us)
    made = await done(
        api, "webhookSecretRotate", brand.owner, "secret", webhookId=webhook.id, overlapMinutes=60
    )
    (row,) = await _stored(world, brand.us)
    assert _opened(SECRET, row) in made["secret"]
    assert _opened(PREVIOUS_SECRET, row) in webhook.secret
    for minutes in (-1, 10_081):
        values = {"webhookId": webhook.id, "overlapMinutes": minutes}
        assert await code_of(api, "webhookSecretRotate", brand.owner, **values) == "BAD_USER_INPUT"
    assert await _stored(world, brand.us) == [row]


async def test_tests_are_limited(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us)
    codes = [await code_of(api, "webhookTest", brand.owner, webhookId=webhook.id) for _ in range(21)]
    assert codes == [""] * 20 + ["RATE_LIMITED"]
    assert len(await site.statuses(webhook)) == 20
