"""Keys for tests: what they send passes the gate, counts as nothing and reaches nobody."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.client.mutations import Token, attempt, done
from tests.world.campaigns import give_campaign
from tests.world.messages import mail, send
from tests.world.plans import make_plan, subscribe
from tests.world.world import World

_ROLE = present(Kind.ROLE, BuiltinRole.ADMINISTRATOR.id)
_USAGE = """query ($id: ID!) { account(id: $id) {
  usage { sent activeContacts { used } }
  transactionalMessages { nodes { isTest status answer sends } }
} }"""


async def _key(api: Api, shop: Shop, caller: Any = None, **more: Any) -> str:
    values = {"accountId": shop.account.id, "name": "Tests", "roleId": _ROLE, "isTest": True, **more}
    secret: str = (await done(api, "apiKeyCreate", caller or shop.owner, "secret", **values))["secret"]
    return secret


async def test_a_test_reaches_nobody_and_counts_as_nothing(api: Api, shop: Shop, site: Site) -> None:
    secret = await _key(api, shop)
    assert secret.startswith("mdt_test_")
    (outcome,) = await send(api, Token(secret), shop.account, [mail("1")])
    assert outcome["error"] is None
    await site.work(shop)
    found = (await api.read(_USAGE, shop.owner, id=shop.account.id))["account"]
    assert (found["usage"]["sent"], found["usage"]["activeContacts"]["used"]) == (0, 0)
    answer = "A test: it was handed over to nobody."
    assert found["transactionalMessages"]["nodes"] == [
        {"isTest": True, "status": "SENT", "answer": answer, "sends": 1}
    ]
    assert site.mailbox.taken == []


async def test_what_was_tried_out_under_a_key_is_sent_under_it(api: Api, shop: Shop, site: Site) -> None:
    token = Token(await _key(api, shop))
    (tried,) = await send(api, token, shop.account, [mail("1")])
    (sent,) = await send(api, shop.owner, shop.account, [mail("1")])
    assert (tried["replayed"], sent["replayed"]) == (False, False)
    assert tried["message"]["id"] != sent["message"]["id"]
    for caller, known in ((token, tried), (shop.owner, sent)):
        (again,) = await send(api, caller, shop.account, [mail("1")])
        assert (again["replayed"], again["message"]["id"]) == (True, known["message"]["id"])
    await site.work(shop)
    assert len(site.mailbox.taken) == 1


async def test_a_test_is_refused_as_a_send_would_be(api: Api, shop: Shop, world: World) -> None:
    await subscribe(world, shop.account, await make_plan(world, active_contacts=10, sends=2))
    token, given = Token(await _key(api, shop)), [mail(str(number)) for number in range(3)]
    tried = await attempt(
        api, "messageSend", token, accountId=shop.account.id, stream="TRANSACTIONAL", messages=given
    )
    assert tried.code == "SEND_LIMIT_REACHED"
    for _ in range(3):
        await send(api, token, shop.account, [mail(f"again {_}"), mail(f"and again {_}")])


async def test_a_key_for_tests_sends_in_no_other_way(api: Api, shop: Shop) -> None:
    token = Token(await _key(api, shop))
    tried = await attempt(
        api,
        "sendReserve",
        token,
        accountId=shop.account.id,
        stream="MARKETING",
        recipients=["ann@example.com"],
        idempotencyKey="1",
    )
    assert tried.code == "FAILED_PRECONDITION"
    found = (await api.read(_USAGE, shop.owner, id=shop.account.id))["account"]
    assert found["usage"]["sent"] == 0


async def test_a_key_for_tests_learns_the_secret_of_no_other(api: Api, shop: Shop) -> None:
    real = await done(
        api,
        "apiKeyCreate",
        shop.owner,
        "apiKey { id }",
        accountId=shop.account.id,
        name="Shop",
        roleId=_ROLE,
    )
    token = Token(await _key(api, shop))
    values = {"accountId": shop.account.id, "name": "More", "roleId": _ROLE}
    assert (await attempt(api, "apiKeyCreate", token, **values)).code == "FAILED_PRECONDITION"
    rotated = await attempt(api, "apiKeyRotate", token, apiKeyId=real["apiKey"]["id"])
    assert rotated.code == "FAILED_PRECONDITION"
    assert (await _key(api, shop, token)).startswith("mdt_test_")


async def test_the_new_secret_of_a_key_for_tests_is_one_for_tests(api: Api, shop: Shop) -> None:
    query = "{ viewer { apiKey { id isTest } } }"
    own = (await api.read(query, Token(await _key(api, shop))))["viewer"]["apiKey"]
    assert own["isTest"]
    rotated = await done(api, "apiKeyRotate", shop.owner, "secret", apiKeyId=own["id"])
    assert rotated["secret"].startswith("mdt_test_")


async def test_a_key_for_tests_has_no_campaign_sent_later(api: Api, shop: Shop, world: World) -> None:
    """The platform would send it, and does not know who asked."""
    key = await give_campaign(world, shop.account)
    token = Token(await _key(api, shop))
    values = {"campaignId": present(Kind.CAMPAIGN, key), "expectedVersion": 1}
    for field, more in (("campaignSend", {}), ("campaignSchedule", {"startsAt": "2030-01-01T08:00"})):
        assert (await attempt(api, field, token, **values, **more)).code == "FAILED_PRECONDITION"
