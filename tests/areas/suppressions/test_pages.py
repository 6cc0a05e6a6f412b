"""Who has unsubscribed and what bounced, as pages of an account."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.block_list import hash_of
from tests.world.brand import Brand, brand_of
from tests.world.contacts import contact_id, give_contact, give_full_contact
from tests.world.suppressions import ago, bounce, resubscribe, unsubscribe
from tests.world.world import Account, World

_ASKED = """query ($id: ID!, $first: Int, $after: String) { account(id: $id) {
  unsubscribes(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
    contact { email } contactList { name } isOfList unsubscribedAt resubscribedAt evidence } }
  bounces(first: 50) { totalCount nodes {
    contact { email phone } softBounces latestSoftBounceAt excludedAt excludedBy } }
} }"""


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


async def _read(api: Api, caller: Caller, account: Account, first: int = 50, after: str = "") -> Any:
    values = {"id": account.id, "first": first, "after": after or None}
    return (await api.read(_ASKED, caller, **values))["account"]


def _emails(page: Any) -> list[str | None]:
    return [node["contact"] and node["contact"]["email"] for node in page["nodes"]]


async def test_each_shows_the_contact_with_its_address(api: Api, world: World, brand: Brand) -> None:
    """By mail, by phone and by hash; of whom the account does not know, the address is not kept."""
    await give_full_contact(world, brand.us)
    await give_contact(world, brand.us, "bob@example.com")
    given = ["Ada@example.com", "nobody@example.com", hash_of("bob@example.com")]
    await unsubscribe(api, brand.owner, brand.us, *given)
    await bounce(api, brand.owner, brand.us, "+46 12 345 678")
    seen = await _read(api, brand.owner, brand.us)
    assert sorted(map(str, _emails(seen["unsubscribes"]))) == ["None", "ada@example.com", "bob@example.com"]
    (bounced,) = seen["bounces"]["nodes"]
    assert bounced["contact"] == {"email": "ada@example.com", "phone": "+4612345678"}


async def test_an_unsubscribe_that_was_lifted_shows_the_consent(api: Api, world: World, brand: Brand) -> None:
    listed = await give_full_contact(world, brand.us)
    list_id = f"clst_{brand.us.key}_{listed.list_key}"
    at = ago(days=2)
    await unsubscribe(api, brand.owner, brand.us, "ada@example.com", at=at, list_id=list_id)
    (held,) = (await _read(api, brand.owner, brand.us))["unsubscribes"]["nodes"]
    assert held == {
        "contact": {"email": "ada@example.com"},
        "contactList": {"name": "Newsletter"},
        "isOfList": True,
        "unsubscribedAt": held["unsubscribedAt"],
        "resubscribedAt": None,
        "evidence": None,
    }
    assert held["unsubscribedAt"][:19] == at[:19]
    await resubscribe(api, brand.owner, brand.us, "ada@example.com")
    await done(api, "contactListDelete", brand.owner, contactListId=list_id)
    (lifted,) = (await _read(api, brand.owner, brand.us))["unsubscribes"]["nodes"]
    assert (lifted["evidence"], lifted["contactList"], lifted["isOfList"]) == (
        "The form of 3 May",
        None,
        True,
    )
    await unsubscribe(api, brand.owner, brand.us, "ada@example.com")
    of_account, _ = (await _read(api, brand.owner, brand.us))["unsubscribes"]["nodes"]
    assert (of_account["contactList"], of_account["isOfList"]) == (None, False)
    assert lifted["resubscribedAt"] > lifted["unsubscribedAt"]


async def test_the_next_unsubscribe_ends_the_consent_and_keeps_its_place(api: Api, brand: Brand) -> None:
    """The lists are in the order of the first reports."""
    query = "query ($id: ID!) { account(id: $id) { unsubscribes { nodes { unsubscribedAt evidence } } } }"
    early, middle = ago(days=2), ago(days=1)
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com", at=early)
    assert await resubscribe(api, brand.owner, brand.us, "ann@example.com") == "RESUBSCRIBED"
    await unsubscribe(api, brand.owner, brand.us, "bob@example.com", at=middle)
    found = (await api.read(query, brand.owner, id=brand.us.id))["account"]["unsubscribes"]["nodes"]
    assert [each["evidence"] for each in found] == [None, "The form of 3 May"]
    late = ago(seconds=0)
    assert await unsubscribe(api, brand.owner, brand.us, "ann@example.com", at=late) == ["RECORDED"]
    found = (await api.read(query, brand.owner, id=brand.us.id))["account"]["unsubscribes"]["nodes"]
    assert [each["evidence"] for each in found] == [None, None]
    assert found[0]["unsubscribedAt"] < found[1]["unsubscribedAt"]


async def test_soft_bounces_are_counted_until_they_exclude(api: Api, brand: Brand) -> None:
    for number in range(2):
        await bounce(api, brand.owner, brand.us, "ann@example.com", kind="SOFT", at=ago(days=5 - number))
    (node,) = (await _read(api, brand.owner, brand.us))["bounces"]["nodes"]
    assert (node["softBounces"], node["excludedAt"], node["excludedBy"]) == (2, None, None)
    assert node["latestSoftBounceAt"][:10] == ago(days=4)[:10]
    await bounce(api, brand.owner, brand.us, "ann@example.com")
    (node,) = (await _read(api, brand.owner, brand.us))["bounces"]["nodes"]
    assert (node["excludedBy"], node["excludedAt"] is None) == ("HARD", False)


async def test_pages_go_on_where_the_last_one_ended(api: Api, world: World, brand: Brand) -> None:
    """Also while others unsubscribe: they stand before the first page."""
    emails = [f"{letter}@example.com" for letter in "abcde"]
    for email in emails:
        await give_contact(world, brand.us, email)
        await unsubscribe(api, brand.owner, brand.us, email)
    found: list[str | None] = []
    after = ""
    for left in (True, True, False):
        page = (await _read(api, brand.owner, brand.us, 2, after))["unsubscribes"]
        found += _emails(page)
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is left
        await unsubscribe(api, brand.owner, brand.us, f"late-{len(found)}@example.com")
    assert found == emails[::-1]


async def test_an_account_has_its_own_alone(api: Api, world: World, brand: Brand) -> None:
    """R78, R79: nothing is inherited; a contact of another account with the same address is not shown."""
    await give_contact(world, brand.uk, "ann@example.com")
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com")
    await bounce(api, brand.owner, brand.us, "ann@example.com")
    for account in (brand.master, brand.uk):
        seen = await _read(api, brand.owner, account)
        assert (seen["unsubscribes"]["totalCount"], seen["bounces"]["totalCount"]) == (0, 0)
    seen = await _read(api, brand.owner, brand.us)
    assert _emails(seen["unsubscribes"]) == _emails(seen["bounces"]) == [None]


async def test_an_erased_contact_is_not_shown_any_more(api: Api, world: World, brand: Brand) -> None:
    """T23: what stays goes by the digest, and names nobody."""
    contact = await give_contact(world, brand.us, "ann@example.com")
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com")
    await done(api, "contactErase", brand.owner, contactId=contact_id(brand.us, contact))
    seen = (await _read(api, brand.owner, brand.us))["unsubscribes"]
    assert (seen["totalCount"], _emails(seen)) == (1, [None])


async def test_whoever_sees_no_contacts_sees_none_of_them(api: Api, world: World, brand: Brand) -> None:
    """Neither their number; whether there are any or not is told alike."""
    analyst = await world.member(brand.us, BuiltinRole.ANALYST)
    await unsubscribe(api, brand.owner, brand.us, "ann@example.com")
    for account_field in ("unsubscribes", "bounces"):
        source = f"query ($id: ID!) {{ account(id: $id) {{ {account_field} {{ totalCount }} }} }}"
        answer = await api.ask(source, analyst, id=brand.us.id)
        assert answer.data == {"account": {account_field: None}}
        assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"]
