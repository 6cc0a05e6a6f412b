"""What an account keeps of a person, for the person to see (T23)."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.block_list import block
from tests.world.brand import brand_of
from tests.world.suppressions import ago, bounce, unsubscribe
from tests.world.world import Account, World

_DATA = "query ($id: ID!, $address: String!) { personalData(accountId: $id, address: $address) }"
_LISTS = "unsubscribes", "bounces", "blocked"


async def _data(api: Api, caller: Caller, account: Account, address: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.read(_DATA, caller, id=account.id, address=address))["personalData"]
    return found


async def test_what_is_no_address_is_told_with_its_argument(api: Api, world: World) -> None:
    brand = await brand_of(world)
    fields = (
        "personalData(accountId: $id, address: $address)",
        "blockList(accountId: $id, address: $address) { nodes { id } }",
    )
    for field in fields:
        query = f"query ($id: ID!, $address: String!) {{ {field} }}"
        answer = await api.ask(query, brand.owner, id=brand.us.id, address="nope")
        (error,) = answer.errors
        assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", "address")


async def test_all_that_is_kept_is_told(api: Api, world: World) -> None:
    brand = await brand_of(world)
    made = await done(
        api, "contactListCreate", brand.owner, "contactList { id }", accountId=brand.us.id, name="News"
    )
    await done(api, "contactAttributeCreate", brand.owner, accountId=brand.us.id, name="country", type="TEXT")
    contact = {
        "email": "Ann@Example.com",
        "phone": "+46 70 123 45 67",
        "externalId": "7",
        "attributes": {"country": "SE"},
        "addToLists": [made["contactList"]["id"]],
    }
    await done(api, "contactUpsert", brand.owner, accountId=brand.us.id, contacts=[contact], source="Fair")
    await block(api, brand.owner, brand.us, "ann@example.com", source="A complaint")
    await block(api, brand.owner, brand.us, "+46701234567", source="A call")
    for address in ("ann@example.com", "+46701234567"):
        await unsubscribe(api, brand.owner, brand.us, address)
        await bounce(api, brand.owner, brand.us, address, at=ago(days=1))
    data = await _data(api, brand.owner, brand.us, "ANN@example.com")
    assert data["contact"].pop("id").startswith(f"cntc_{brand.us.key}_")
    assert data["contact"].pop("createdAt")
    (place,) = data["contact"].pop("lists")
    assert (place["name"], place["source"]) == ("News", "Fair")
    assert data["contact"] == {
        "externalId": "7",
        "email": "Ann@Example.com",
        "phone": "+46 70 123 45 67",
        "attributes": {"country": "SE"},
        "source": "Fair",
    }
    email, phone = "ann@example.com", "+46701234567"
    assert [(each["address"], each["source"]) for each in data["blocked"]] == [
        (email, "A complaint"),
        (phone, "A call"),
    ]
    assert [(each["address"], each["excludedBy"]) for each in data["bounces"]] == [
        (email, "HARD"),
        (phone, "HARD"),
    ]
    assert [(each["address"], each["resubscribedAt"]) for each in data["unsubscribes"]] == [
        (email, None),
        (phone, None),
    ]
    by_phone = await _data(api, brand.owner, brand.us, phone)
    assert by_phone["contact"]["email"] == "Ann@Example.com"
    assert {name: by_phone[name] for name in _LISTS} == {name: data[name] for name in _LISTS}
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    assert "blocked" not in await _data(api, marketer, brand.us, "ann@example.com")
    nobody: dict[str, Any] = {
        "contact": None,
        "unsubscribes": [],
        "bounces": [],
        "messages": [],
        "blocked": [],
    }
    assert await _data(api, brand.owner, brand.uk, "ann@example.com") == nobody
    assert await _data(api, brand.owner, brand.us, "bob@example.com") == nobody


async def test_the_list_of_an_unsubscribe_has_the_id_that_it_has_everywhere(api: Api, world: World) -> None:
    brand = await brand_of(world)
    made = await done(
        api, "contactListCreate", brand.owner, "contactList { id }", accountId=brand.us.id, name="News"
    )
    list_id = made["contactList"]["id"]
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com", list_id=list_id)
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com")
    data = await _data(api, brand.owner, brand.us, "ann@example.com")
    assert {each["contactListId"] for each in data["unsubscribes"]} == {list_id, None}


async def test_what_is_no_address_is_refused(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    for text in ("nobody", "", "a" * 64, "0701234567"):
        answer = await api.ask(_DATA, owner, id=account.id, address=text)
        assert answer.codes == ["BAD_USER_INPUT"]
