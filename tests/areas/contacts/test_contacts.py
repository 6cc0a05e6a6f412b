"""Contacts as those read them who may, and nobody else."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.graphql.large_answers import LARGE
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.contacts import contact_id, give_contacts, give_listed_contact
from tests.world.world import Account, World

_CONTACTS = "query ($id: ID!, %s) { account(id: $id) { contacts(%s) { %s } } }"
_ALL = "query ($id: ID!) { account(id: $id) { contacts { totalCount nodes { id email } } } }"


async def _emails(api: Api, caller: Caller, account: Account, path: Path = Path.COMPILED) -> list[str]:
    found = (await api.read(path.of(_ALL), caller, id=account.id))["account"]["contacts"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["email"] for node in found["nodes"]]


@pytest.mark.parametrize("path", Path)
async def test_a_contact_shows_what_is_stored(api: Api, world: World, path: Path) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    made = await give_listed_contact(world, account, "Ada@Example.com")
    query = path.of(
        "query ($id: ID!) { account(id: $id) { contacts { nodes { "
        "id externalId email phone attributes source version createdAt } } } }"
    )
    (node,) = (await api.read(query, owner, id=account.id))["account"]["contacts"]["nodes"]
    assert node.pop("createdAt").endswith("+00:00")
    assert node == {
        "id": contact_id(account, made.key),
        "externalId": None,
        "email": "Ada@Example.com",
        "phone": None,
        "attributes": {"country": "SE"},
        "source": "a test",
        "version": 1,
    }


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("size", [1, 2, 5, 7])
async def test_pages_lead_through_all_contacts_both_ways(
    api: Api, world: World, path: Path, size: int
) -> None:
    """Newest first, whatever the page's size."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    newest_first = [contact_id(account, key) for key in reversed(await give_contacts(world, account, 5))]
    for forward in (True, False):
        given = f"first: {size}, after: $cursor" if forward else f"last: {size}, before: $cursor"
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        query = path.of(_CONTACTS % ("$cursor: String", given, f"nodes {{ id }} {info}"))
        found: list[str] = []
        cursor, more = None, True
        while more:
            page = await api.read(query, owner, id=account.id, cursor=cursor)
            page = page["account"]["contacts"]
            ids = [node["id"] for node in page["nodes"]]
            found = found + ids if forward else ids + found
            cursor = page["pageInfo"]["endCursor" if forward else "startCursor"]
            more = page["pageInfo"]["hasNextPage" if forward else "hasPreviousPage"]
        assert found == newest_first


@pytest.fixture
async def family(world: World) -> list[Account]:
    """A parent, two children, and an account of another tree. Each has one contact, of its own name."""
    parent = await world.account()
    accounts = [parent, await world.account(parent), await world.account(parent), await world.account()]
    for number, account in enumerate(accounts):
        await give_listed_contact(world, account, f"of-{number}@example.com")
    return accounts


@pytest.mark.parametrize("path", Path)
async def test_an_account_has_its_own_contacts_alone(
    api: Api, world: World, family: list[Account], path: Path
) -> None:
    """Nothing of it passes down or up, and nobody sees a sibling's."""
    owner = await world.member(family[0], BuiltinRole.OWNER)
    marketer = await world.member(family[1], BuiltinRole.MARKETER)
    for number, account in enumerate(family[:3]):
        assert await _emails(api, owner, account, path) == [f"of-{number}@example.com"]
    assert await _emails(api, marketer, family[1], path) == ["of-1@example.com"]
    for caller, accounts in ((owner, family[3:]), (marketer, [family[0], *family[2:]])):
        for account in accounts:
            answer = await api.ask(path.of(_ALL), caller, id=account.id)
            assert answer.data["account"] is None
            assert answer.codes == ["NOT_FOUND"]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("role", [BuiltinRole.ANALYST, BuiltinRole.FINANCE, BuiltinRole.DEVELOPER])
async def test_who_may_not_see_contacts_gets_null_and_the_reason(
    api: Api, world: World, family: list[Account], role: BuiltinRole, path: Path
) -> None:
    """Beside contacts that are shown, of another tree."""
    member = await world.member(family[0], role)
    await world.member(family[3], BuiltinRole.MARKETER, member.person)
    accounts = "viewer { accounts(first: 5) { nodes { id contacts { nodes { email } } } } }"
    answer = await api.ask(path.of(f"{{ {accounts} }}"), member)
    shown = {node["id"]: node["contacts"] for node in answer.data["viewer"]["accounts"]["nodes"]}
    assert shown[family[0].id] is None
    assert shown[family[3].id] == {"nodes": [{"email": "of-3@example.com"}]}
    (error,) = answer.errors
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["permission"] == "CONTACTS_READ"
    place: Any = answer.data
    for step in error["path"][:-1]:
        place = place[step]
    assert place["id"] == family[0].id
    assert error["path"][-1] == "contacts"


async def test_a_payload_shows_the_contacts_of_what_was_changed(
    api: Api, world: World, family: list[Account]
) -> None:
    owner = await world.member(family[0], BuiltinRole.OWNER)
    values = {"accountId": family[1].id, "name": "Renamed"}
    selection = "account { name contacts { nodes { email } } }"
    changed = await done(api, "accountUpdate", owner, selection, **values)
    expected = {"name": "Renamed", "contacts": {"nodes": [{"email": "of-1@example.com"}]}}
    assert changed["account"] == expected


async def test_a_large_answer_is_whole(api: Api, world: World) -> None:
    """It is sent in pieces."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    keys = await give_contacts(world, account, 1000)
    fields = "nodes { id externalId email phone attributes source version createdAt }"
    query = f"query ($id: ID!) {{ account(id: $id) {{ contacts(first: 1000) {{ {fields} }} }} }}"
    response = await api.http.post(
        "/graphql",
        json={"query": query, "variables": {"id": account.id}},
        headers={"Authorization": f"Bearer {owner.token}"},
    )
    assert len(response.content) > LARGE
    nodes = response.json()["data"]["account"]["contacts"]["nodes"]
    assert [node["id"] for node in nodes] == [contact_id(account, key) for key in reversed(keys)]


async def test_contacts_are_read_with_a_revision(api: Api, world: World, family: list[Account]) -> None:
    owner = await world.member(family[0], BuiltinRole.OWNER)
    values = {"accountId": family[0].id, "name": "Renamed"}
    revision = (await done(api, "accountUpdate", owner, "authzRevision", **values))["authzRevision"]
    assert await _emails(api.at_least(revision), owner, family[0]) == ["of-0@example.com"]
