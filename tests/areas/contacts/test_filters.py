"""Filters of contacts: each by both executors, of an account and of a list."""

import json
from typing import Any

import pytest

from models.base.ids import Kind, new_id
from tests.areas.contacts.asking import create_attribute, create_list, upserted
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.suppressions import bounce, give_many_suppressions, resubscribe, unsubscribe
from tests.world.world import Account, Member, World

_TYPES = "$list: ID, $email: String, $emailPrefix: String, $phone: String, $externalId: String, "
_TYPES += "$attribute: String, $value: String, $status: ContactStatus, $first: Int, $after: String"
_ARGUMENTS = [part.partition(":")[0].strip("$ ") for part in _TYPES.split(",")]
_GIVEN = ", ".join(f"{name}: ${name}" for name in _ARGUMENTS)
_PAGE = "{ totalCount nodes { email } pageInfo { hasNextPage endCursor } }"
_OF_ACCOUNT = f"query ($id: ID!, {_TYPES}) {{ account(id: $id) {{ contacts({_GIVEN}) {_PAGE} }} }}"
_OF_LIST = (
    f"query ($id: ID!, {_TYPES.removeprefix('$list: ID, ')}) {{ node(id: $id) {{ ... on ContactList {{ "
    f"contacts({_GIVEN.removeprefix('list: $list, ')}) {_PAGE} }} }} }}"
)

_PEOPLE: list[dict[str, Any]] = [
    {"externalId": "A1", "email": "Ada@bücher.example", "attributes": {"country": "SE", "visits": 3}},
    {"externalId": "a1", "email": "adam@example.com", "phone": "+46701234567", "attributes": {"vip": True}},
    {"email": "bo@example.com", "attributes": {"country": "DE", "visits": 3.5, "vip": False}},
    {"email": "Ada+news@example.com", "attributes": {"country": "SE", "born": "2026-03-31"}},
    {"email": "zoë@example.com", "attributes": {"country": "sE"}},
]
_SHOWN = [person["email"] for person in _PEOPLE]


@pytest.fixture
async def news(api: Api, account: Account, marketer: Member) -> str:
    """A list that all people are in, but for the last one, who is in another one."""
    for name, type_ in (("country", "TEXT"), ("visits", "NUMBER"), ("vip", "BOOLEAN"), ("born", "DATE")):
        await create_attribute(api, marketer, account, name, type_)
    ids = [await create_list(api, marketer, account, name) for name in ("News", "Offers")]
    lists = [*([ids[0]] for _ in _PEOPLE[:-1]), [ids[1]]]
    people = [person | {"addToLists": into} for person, into in zip(_PEOPLE, lists, strict=True)]
    for person in people:
        await upserted(api, marketer, account, person)
    await unsubscribe(api, marketer, account, "+46701234567", list_id=ids[1])
    await unsubscribe(api, marketer, account, "BO@example.com", "zoë@example.com", "nobody@example.com")
    await resubscribe(api, marketer, account, "zoë@example.com")
    await bounce(api, marketer, account, "bo@example.com", "ada+news@example.com", "who@example.com")
    await bounce(api, marketer, account, "Ada@bücher.example", kind="SOFT")
    return ids[0]


_OF_STATUS: list[tuple[dict[str, str | None], list[int]]] = [
    ({"status": "SUBSCRIBED"}, [4, 0]),
    ({"status": "UNSUBSCRIBED"}, [2, 1]),
    ({"status": "BOUNCED"}, [3]),
    ({"status": "UNSUBSCRIBED", "attribute": "country"}, [2]),
    ({"status": "UNSUBSCRIBED", "attribute": "vip", "value": "true"}, [1]),
    ({"status": "BOUNCED", "attribute": "country", "value": "SE"}, [3]),
    ({"status": "BOUNCED", "attribute": "country", "value": "DE"}, []),
    ({"status": "SUBSCRIBED", "attribute": "country"}, [4, 0]),
    ({"status": "UNSUBSCRIBED", "emailPrefix": "ad"}, [1]),
    ({"status": "UNSUBSCRIBED", "phone": "+46701234567"}, [1]),
    ({"status": "SUBSCRIBED", "email": "bo@example.com"}, []),
]
_FOUND: list[tuple[dict[str, str | None], list[int]]] = [
    ({}, [4, 3, 2, 1, 0]),
    ({"email": None, "attribute": None, "value": None}, [4, 3, 2, 1, 0]),
    ({"email": "ADA@BÜCHER.example"}, [0]),
    ({"email": " ada@xn--bcher-kva.example "}, [0]),
    ({"email": "\uff41da@b\u0075\u0308cher.example"}, [0]),
    ({"email": "ada@example.com"}, []),
    ({"emailPrefix": "AD"}, [3, 0, 1]),
    ({"emailPrefix": "ada"}, [3, 0, 1]),
    ({"emailPrefix": "ada@"}, [0]),
    ({"emailPrefix": "ada+"}, [3]),
    ({"emailPrefix": "zoë"}, [4]),
    ({"emailPrefix": "ZOE\u0308"}, [4]),
    ({"emailPrefix": ""}, [3, 0, 1, 2, 4]),
    ({"emailPrefix": "%"}, []),
    ({"emailPrefix": "_da"}, []),
    ({"emailPrefix": "ada@xn--bcher-kva.example"}, [0]),
    ({"emailPrefix": "b\U0010ffff"}, []),
    ({"phone": "+46 70 123 45 67"}, [1]),
    ({"phone": "\uff0b46701234567"}, [1]),
    ({"phone": "+46701234568"}, []),
    ({"externalId": "a1"}, [1]),
    ({"externalId": "A1"}, [0]),
    ({"attribute": "country"}, [4, 3, 2, 0]),
    ({"attribute": "vip"}, [2, 1]),
    ({"attribute": "unknown"}, []),
    ({"attribute": "country", "value": "SE"}, [3, 0]),
    ({"attribute": "country", "value": "S"}, []),
    ({"attribute": "visits", "value": "3"}, [0]),
    ({"attribute": "visits", "value": "3.5"}, [2]),
    ({"attribute": "vip", "value": "false"}, [2]),
    ({"attribute": "born", "value": "2026-03-31"}, [3]),
    ({"email": "bo@example.com", "attribute": "country", "value": "DE"}, [2]),
    ({"email": "bo@example.com", "attribute": "country", "value": "SE"}, []),
    ({"email": "bo@example.com", "externalId": "a1"}, []),
    ({"emailPrefix": "ad", "attribute": "country", "value": "SE"}, [3, 0]),
    *_OF_STATUS,
]


async def _emails(api: Api, query: str, member: Member, **values: Any) -> list[str]:
    """Of all pages, two contacts each."""
    found: list[str] = []
    after: str | None = None
    while True:
        data = await api.read(query, member, **values, first=2, after=after)
        page = (data.get("account") or data["node"])["contacts"]
        found += [node["email"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found


@pytest.mark.parametrize("path", Path)
async def test_contacts_are_found_by_each_filter(
    api: Api, account: Account, marketer: Member, news: str, path: Path
) -> None:
    """An account's, those of an account that are in a list, and a list's."""
    for given, numbers in _FOUND:
        expected = [_SHOWN[number] for number in numbers]
        listed = [_SHOWN[number] for number in numbers if number != 4]
        of_account = path.of(_OF_ACCOUNT)
        assert await _emails(api, of_account, marketer, id=account.id, **given) == expected, given
        assert await _emails(api, of_account, marketer, id=account.id, list=news, **given) == listed, given
        assert await _emails(api, path.of(_OF_LIST), marketer, id=news, **given) == listed, given


@pytest.mark.parametrize("path", Path)
async def test_contacts_are_found_by_their_status_among_many_that_left(
    api: Api, world: World, account: Account, marketer: Member, news: str, path: Path
) -> None:
    """Then the contacts are passed, not the unsubscribes and bounces. Other accounts' do not matter."""
    for place in (account, await world.account(account)):
        await give_many_suppressions(world, place, 10_001)
    for given, numbers in _OF_STATUS:
        expected = [_SHOWN[number] for number in numbers]
        listed = [_SHOWN[number] for number in numbers if number != 4]
        of_account = path.of(_OF_ACCOUNT)
        assert await _emails(api, of_account, marketer, id=account.id, **given) == expected, given
        assert await _emails(api, of_account, marketer, id=account.id, list=news, **given) == listed, given


@pytest.mark.parametrize("path", Path)
async def test_a_contact_shows_its_status(
    api: Api, account: Account, marketer: Member, news: str, path: Path
) -> None:
    query = path.of("query ($id: ID!) { account(id: $id) { contacts { nodes { status } } } }")
    nodes = (await api.read(query, marketer, id=account.id))["account"]["contacts"]["nodes"]
    shown = ["SUBSCRIBED", "BOUNCED", "UNSUBSCRIBED", "UNSUBSCRIBED", "SUBSCRIBED"]
    assert [node["status"] for node in nodes] == shown


@pytest.mark.parametrize("path", Path)
async def test_a_list_that_is_none_of_the_accounts_has_nobody(
    api: Api, world: World, account: Account, marketer: Member, news: str, path: Path
) -> None:
    """Nor has a deleted one, before a worker has removed its members."""
    other = await world.account(await world.account())
    key = await world.api_key(other)
    strange = await create_list(api, key, other, "Strange")
    await upserted(api, key, other, {"email": "ada@example.com", "addToLists": [strange]})
    mixed = f"{Kind.CONTACT_LIST}_{other.key}_{news.rpartition('_')[2]}"
    nothing = f"{Kind.CONTACT_LIST}_{account.key}_{new_id()}"
    for wrong in (strange, mixed, nothing, account.id, "", "nothing"):
        assert await _emails(api, path.of(_OF_ACCOUNT), marketer, id=account.id, list=wrong) == []
    assert len(await _emails(api, path.of(_OF_ACCOUNT), marketer, id=account.id, list=news)) == 4
    await done(api, "contactListDelete", marketer, contactListId=news)
    assert await _emails(api, path.of(_OF_ACCOUNT), marketer, id=account.id, list=news) == []


@pytest.mark.parametrize("path", Path)
async def test_a_value_without_its_attribute_is_refused(
    api: Api, account: Account, marketer: Member, news: str, path: Path
) -> None:
    for query, id_ in ((_OF_ACCOUNT, account.id), (_OF_LIST, news)):
        answer = await api.ask(path.of(query), marketer, id=id_, value="SE", attribute=None)
        (error,) = answer.errors
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argument"] == "value"


_OF_NOBODY = {
    "email": ("x y", "nobody", "", "%", "a@b@example.com", "a" * 300 + "@example.com"),
    "emailPrefix": ("x y", "a@b@", "a\tb", "a" * 400),
    "phone": ("0701234567", "phone", "", "+46 12"),
    "externalId": ("", " ", "a\nb", "a" * 201),
    "attribute": ("", "a\nb", "a" * 201),
}
"""What no contact can have."""


@pytest.mark.parametrize("path", Path)
async def test_what_no_contact_can_have_is_refused_with_its_argument(
    api: Api, account: Account, marketer: Member, news: str, path: Path
) -> None:
    """As a variable and in the document's text, of an account and of a list."""
    literal = "query ($id: ID!) { account(id: $id) { contacts(%s: %s) { totalCount } } }"
    for argument, texts in _OF_NOBODY.items():
        for text in texts:
            answers = [
                await api.ask(path.of(query), marketer, id=id_, **{argument: text})
                for query, id_ in ((_OF_ACCOUNT, account.id), (_OF_LIST, news))
            ]
            written = path.of(literal % (argument, json.dumps(text)))
            answers.append(await api.ask(written, marketer, id=account.id))
            for answer in answers:
                (error,) = answer.errors
                assert error["extensions"]["code"] == "BAD_USER_INPUT", (argument, text)
                assert error["extensions"]["argument"] == argument


@pytest.mark.parametrize("path", Path)
async def test_a_filter_does_not_know_the_default_country(
    api: Api, account: Account, marketer: Member, path: Path
) -> None:
    """The setting is in the other plane. The refusal says what to write."""
    answer = await api.ask(path.of(_OF_ACCOUNT), marketer, id=account.id, phone="070-123 45 67")
    (error,) = answer.errors
    assert "does not know the account's default country" in error["message"]


@pytest.mark.parametrize("path", Path)
async def test_a_cursor_is_of_one_order(
    api: Api, account: Account, marketer: Member, news: str, path: Path
) -> None:
    """By address where a prefix is given, else the newest first."""
    data = await api.read(path.of(_OF_ACCOUNT), marketer, id=account.id, first=1, emailPrefix="a")
    cursor = data["account"]["contacts"]["pageInfo"]["endCursor"]
    answer = await api.ask(path.of(_OF_ACCOUNT), marketer, id=account.id, first=1, after=cursor)
    assert answer.codes == ["BAD_USER_INPUT"]
