"""Contact lists: made, changed and deleted, and who is in them."""

from typing import Any

import pytest
from sqlalchemy import func, insert, select

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.contacts.tables import contact_list_members, contact_lists
from tests.areas.contacts.asking import contacts_of, create_list, refused, upsert, upserted
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.engine.paths import Path
from tests.world.contacts import contact_list_id, give_contact_list
from tests.world.world import Account, Member, World

_SHOWN = "contactList { id name externalId version contacts { totalCount } }"
_LISTS = """query ($id: ID!, $search: String) { account(id: $id) {
  contactLists(search: $search) { totalCount nodes { id name externalId version } } } }"""


async def _names(
    api: Api, member: Member, account: Account, path: Path = Path.COMPILED, search: str | None = None
) -> list[str]:
    found = await api.read(path.of(_LISTS), member, id=account.id, search=search)
    lists = found["account"]["contactLists"]
    assert lists["totalCount"] == len(lists["nodes"])
    return [node["name"] for node in lists["nodes"]]


async def test_a_list_is_made_changed_and_deleted(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    values = {"accountId": account.id, "name": " Spring  News ", "externalId": "7"}
    made = (await done(api, "contactListCreate", marketer, _SHOWN, **values))["contactList"]
    id_ = made.pop("id")
    assert made == {"name": "Spring News", "externalId": "7", "version": 1, "contacts": {"totalCount": 0}}
    named = {"contactListId": id_}
    changed = await done(api, "contactListUpdate", marketer, _SHOWN, **named, name="News")
    assert changed["contactList"] == made | {"id": id_, "name": "News", "version": 2}
    same = await done(api, "contactListUpdate", marketer, _SHOWN, **named, name="News", externalId="7")
    assert same["contactList"]["version"] == 2
    removed = await done(api, "contactListUpdate", marketer, _SHOWN, **named, externalId=None)
    assert removed["contactList"] == made | {"id": id_, "name": "News", "version": 3, "externalId": None}
    deleted = await done(api, "contactListDelete", marketer, "removedContactListId account { id }", **named)
    assert (deleted["removedContactListId"], deleted["account"]["id"]) == (id_, account.id)
    assert await _names(api, marketer, account) == []
    key = await world.api_key(account)
    events = [event for event in await events_of(api, key, account.id) if "LIST" in event["type"]]
    assert {event["subjectId"] for event in events} == {id_}
    assert [(event["type"], event["before"], event["after"]) for event in events] == [
        ("CONTACT_LIST_DELETED", {"name": "News", "externalId": None}, None),
        ("CONTACT_LIST_UPDATED", {"externalId": "7"}, {"externalId": None}),
        ("CONTACT_LIST_UPDATED", {"name": "Spring News"}, {"name": "News"}),
        ("CONTACT_LIST_CREATED", None, {"name": "Spring News", "externalId": "7"}),
    ]


@pytest.mark.parametrize("path", Path)
async def test_lists_are_shown_by_name_and_searched(
    api: Api, account: Account, marketer: Member, path: Path
) -> None:
    """Two may have the same name."""
    for name in ("Zebra", "äpple", "Apple", "banana", "Apple"):
        await create_list(api, marketer, account, name)
    assert await _names(api, marketer, account, path) == ["Apple", "Apple", "äpple", "banana", "Zebra"]
    assert await _names(api, marketer, account, path, "APPLE") == ["Apple", "Apple", "äpple"]
    assert await _names(api, marketer, account, path, "%") == []


async def test_an_external_id_is_of_one_list(api: Api, account: Account, marketer: Member) -> None:
    """It is free again once the list is deleted or has given it up."""
    first = await create_list(api, marketer, account, "First", externalId="7")
    second = await create_list(api, marketer, account, "Second", externalId="8")
    create = {"accountId": account.id, "name": "Third", "externalId": "7"}
    update = {"contactListId": second, "externalId": "7"}
    assert await refused(api, "contactListCreate", marketer, **create) == ("CONFLICT", "externalId")
    assert await refused(api, "contactListUpdate", marketer, **update) == ("CONFLICT", "externalId")
    await done(api, "contactListDelete", marketer, contactListId=first)
    await done(api, "contactListUpdate", marketer, **update)
    await done(api, "contactListUpdate", marketer, contactListId=second, externalId=None)
    await done(api, "contactListCreate", marketer, **create)


_NO_TEXT = ["", " ", "x" * 201, "a\u200bb", "a\nb"]


@pytest.mark.parametrize("text", _NO_TEXT)
async def test_names_and_ids_that_are_none(api: Api, account: Account, marketer: Member, text: str) -> None:
    id_ = await create_list(api, marketer, account, "News")
    for field in ("name", "externalId"):
        values: dict[str, Any] = {"accountId": account.id, "name": "News", field: text}
        assert await refused(api, "contactListCreate", marketer, **values) == ("BAD_USER_INPUT", field)
        values = {"contactListId": id_, field: text}
        assert await refused(api, "contactListUpdate", marketer, **values) == ("BAD_USER_INPUT", field)
    assert await _names(api, marketer, account) == ["News"]


async def test_a_thousand_lists_and_no_more(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Deleted ones do not count."""
    place = {"master_id": account.master, "account_id": account.key, "version": 1}
    rows = [place | {"id": new_id(), "name": f"List {number}"} for number in range(999)]
    async with world.database.begin() as connection:
        await connection.execute(insert(contact_lists), rows)
    last = await create_list(api, marketer, account, "The thousandth")
    values = {"accountId": account.id, "name": "One more"}
    assert await refused(api, "contactListCreate", marketer, **values) == ("FAILED_PRECONDITION", "name")
    await done(api, "contactListDelete", marketer, contactListId=last)
    await done(api, "contactListCreate", marketer, **values)


_MEMBERS = """query ($id: ID!) { node(id: $id) { ... on ContactList {
  contacts(first: 2) { totalCount nodes { email } pageInfo { hasNextPage endCursor } } } } }"""


@pytest.mark.parametrize("path", Path)
async def test_a_list_has_its_contacts_newest_first(
    api: Api, account: Account, marketer: Member, path: Path
) -> None:
    news, offers = [await create_list(api, marketer, account, name) for name in ("News", "Offers")]
    for name, lists in (("ada", [news]), ("bo", [news, offers]), ("cy", []), ("dee", [offers])):
        await upserted(api, marketer, account, {"email": f"{name}@example.com", "addToLists": lists})
    await upserted(api, marketer, account, {"email": "cy@example.com", "addToLists": [news]})
    page = (await api.read(path.of(_MEMBERS), marketer, id=news))["node"]["contacts"]
    assert page["totalCount"] == 3
    assert [node["email"] for node in page["nodes"]] == ["cy@example.com", "bo@example.com"]
    after = _MEMBERS.replace("first: 2", "first: 2, after: $after").replace(
        "$id: ID!", "$id: ID!, $after: String"
    )
    rest = await api.read(path.of(after), marketer, id=news, after=page["pageInfo"]["endCursor"])
    assert rest["node"]["contacts"]["nodes"] == [{"email": "ada@example.com"}]


@pytest.mark.parametrize("path", Path)
async def test_a_deleted_list_is_gone_from_every_read_and_write(
    api: Api, world: World, account: Account, marketer: Member, path: Path
) -> None:
    """At once, though a worker removes its members later. Its contacts stay."""
    news, offers = [await create_list(api, marketer, account, name) for name in ("News", "Offers")]
    await upserted(api, marketer, account, {"email": "ada@example.com", "addToLists": [news, offers]})
    await done(api, "contactListDelete", marketer, contactListId=news)
    async with world.database.connect() as connection:
        members = select(func.count()).where(contact_list_members.c.account_id == account.key)
        assert (await connection.execute(members)).scalar_one() == 2, "else the test would show nothing"
    assert await _names(api, marketer, account, path) == ["Offers"]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await api.read(path.of(query), marketer, ids=[news, offers]))["nodes"] == [None, {"id": offers}]
    lists = """query ($id: ID!) { account(id: $id) { contacts { nodes {
      email lists { totalCount nodes { list { name } } } } } } }"""
    (contact,) = (await api.read(path.of(lists), marketer, id=account.id))["account"]["contacts"]["nodes"]
    assert contact["lists"] == {"totalCount": 1, "nodes": [{"list": {"name": "Offers"}}]}
    before = await world.state(account)
    for field in ("addToLists", "removeFromLists"):
        (result,) = await upsert(api, marketer, account, {"email": "bo@example.com", field: [offers, news]})
        assert (result.code, result.field) == ("NOT_FOUND", field)
    for mutation in ("contactListDelete", "contactListUpdate"):
        assert await refused(api, mutation, marketer, contactListId=news) == ("NOT_FOUND", "contactListId")
    assert await world.state(account) == before
    await create_list(api, marketer, account, "News")


async def test_a_list_of_another_account_is_none_of_this_one(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Whatever the caller may do there (T1, N20): it answers like an id of nothing."""
    own = await create_list(api, marketer, account, "Own")
    (contact,) = await upserted(api, marketer, account, {"email": "ada@example.com"})
    sibling = await world.account(await world.account())
    await world.member(sibling, BuiltinRole.ADMINISTRATOR, marketer.person)
    strange = contact_list_id(sibling, await give_contact_list(world, sibling, "Strange"))
    mixed = f"clst_{account.key}_{strange.rpartition('_')[2]}"
    nothing = contact_list_id(account, new_id())
    before = await world.state(account, sibling)
    told = set()
    for wrong in (strange, mixed, nothing, contact):
        for field in ("addToLists", "removeFromLists"):
            given = {"email": "bo@example.com", field: [own, wrong]}
            (result,) = await upsert(api, marketer, account, given)
            assert (result.code, result.field) == ("NOT_FOUND", field)
            changed = await attempt(api, "contactUpdate", marketer, contactId=contact, **{field: [wrong]})
            assert (changed.code, changed.named) == ("NOT_FOUND", field)
            told.add(result.message)
    assert len(told) == 1
    assert await world.state(account, sibling) == before
    assert [found["lists"] for found in await contacts_of(api, marketer, account)] == [[]]
