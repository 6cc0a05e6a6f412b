"""Things of the data plane by their global ids: the account that an id names is looked up first, with the
caller's rights, and the thing by one statement for each tree."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, present
from tests.client.api import Api
from tests.database.data_parts import parts_named
from tests.engine.far.sent import far_statements
from tests.engine.paths import Path
from tests.engine.statements import statements
from tests.world.contacts import (
    contact_id,
    contact_list_id,
    give_contact,
    give_contact_list,
    give_listed_contact,
)
from tests.world.world import Account, Person, World


@dataclass(frozen=True)
class _Scene:
    """Somebody in three trees, and what each of the trees has, by its id."""

    person: Person
    masters: list[Account]
    emails: dict[str, str]
    lists: dict[str, str]
    foreign: list[str]
    """Ids of what there is, and is not shown."""


@pytest.fixture(scope="module")
async def scene(database: AsyncEngine) -> _Scene:
    world = World(database)
    person = await world.person()
    made = _Scene(person, [await world.account() for _ in range(3)], {}, {}, [])
    for number, master in enumerate(made.masters):
        await world.member(master, BuiltinRole.MARKETER, person)
        child = await world.account(master)
        await world.member(child, BuiltinRole.MARKETER, person)
        for place, account in enumerate((master, child)):
            email, name = f"{number}-{place}@example.com", f"List {number}-{place}"
            made.emails[contact_id(account, await give_contact(world, account, email))] = email
            made.lists[contact_list_id(account, await give_contact_list(world, account, name))] = name
    stranger, unseen = await world.account(), await world.account()
    await world.member(unseen, BuiltinRole.ANALYST, person)
    for account in (stranger, unseen):
        listed = await give_listed_contact(world, account)
        made.foreign.extend([contact_id(account, listed.key), contact_list_id(account, listed.list_key)])
    return made


_NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) {
  __typename id ... on Contact { email } ... on ContactList { name } ... on Account { ofAccount: name }
} }"""
_NODE = """query ($id: ID!) { node(id: $id) {
  __typename id ... on Contact { email } ... on ContactList { name } } }"""


def _expected(scene: _Scene) -> dict[str, dict[str, Any]]:
    """What is seen, by its id; of two kinds, mixed with their accounts."""
    contacts = {
        id_: {"__typename": "Contact", "id": id_, "email": email} for id_, email in scene.emails.items()
    }
    lists = {id_: {"__typename": "ContactList", "id": id_, "name": name} for id_, name in scene.lists.items()}
    accounts = {
        account.id: {"__typename": "Account", "id": account.id, "ofAccount": account.name}
        for account in scene.masters
    }
    return contacts | accounts | lists


def _not_there(scene: _Scene) -> list[str]:
    account, (contact, *_) = scene.masters[0], scene.emails
    item = contact.rpartition("_")[2]
    return [
        contact_id(account, new_id()),
        contact_list_id(account, new_id()),
        f"{Kind.CONTACT_LIST}_{account.key}_{item}",
        f"{Kind.CONTACT}_{scene.masters[1].key}_{item}",
        f"{Kind.CONTACT}_{new_id()}_{item}",
        present(Kind.CONTACT, new_id()),
        f"{contact}_{item}",
        contact.upper(),
        "",
    ]


@pytest.mark.parametrize("path", Path)
async def test_ids_of_several_kinds_and_trees_are_found_in_their_order(
    api: Api, scene: _Scene, path: Path
) -> None:
    """Also twice, and beside ids of what is not there and of what is not shown."""
    expected = _expected(scene)
    ids = [*expected, *_not_there(scene), *scene.foreign, *reversed(expected)]
    found = (await api.read(path.of(_NODES), scene.person, ids=ids))["nodes"]
    assert found == [expected.get(id_) for id_ in ids]


@pytest.mark.parametrize("path", Path)
async def test_one_id_finds_what_it_names(api: Api, scene: _Scene, path: Path) -> None:
    expected = _expected(scene)
    for id_ in [*scene.emails, *scene.lists, *_not_there(scene), *scene.foreign]:
        found = (await api.read(path.of(_NODE), scene.person, id=id_))["node"]
        assert found == expected.get(id_), id_


@pytest.mark.parametrize("trees", [1, 2, 3])
async def test_look_ups_take_one_statement_for_each_tree_besides(api: Api, scene: _Scene, trees: int) -> None:
    """Whatever the kinds, and however many there are of each."""
    keys = [str(key) for account in scene.masters[:trees] for key in (account.key,)]
    ids = [id_ for id_ in [*scene.emails, *scene.lists] if id_.split("_")[1] in keys]
    assert len(ids) == 2 * trees
    for asked in (ids, [*ids, *_not_there(scene)[:3]], ids * 5):
        with statements() as sent:
            found = (await api.read(_NODES, scene.person, ids=asked))["nodes"]
        assert len([sql for sql in sent if "mandant_enter" in sql]) == 1 + trees
        assert [node["id"] for node in found if node] == [id_ for id_ in asked if id_ in ids]


async def test_what_is_not_shown_takes_no_far_statement(api: Api, scene: _Scene) -> None:
    """So that its duration tells nothing either."""
    for ids in (scene.foreign, [contact_id(scene.masters[0], new_id())][:0], _not_there(scene)[4:]):
        with statements() as sent:
            found = (await api.read(_NODES, scene.person, ids=ids))["nodes"]
        assert (found, len(sent)) == ([None] * len(ids), 1)


_DEEP = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Contact { email lists { totalCount nodes {
  source list { name contacts(first: 1) { totalCount nodes { email } } } } } }
  ... on ContactList { name contacts { nodes { email lists { totalCount } } } } } }"""


@pytest.mark.parametrize("path", Path)
async def test_what_stands_below_is_read_along(
    api: Api, world: World, database: AsyncEngine, path: Path
) -> None:
    """In the same statement, of one part of each table."""
    account = await world.account()
    member = await world.member(account, BuiltinRole.MARKETER)
    listed = await give_listed_contact(world, account)
    ids = [contact_id(account, listed.key), contact_list_id(account, listed.list_key)]
    with far_statements() as sent:
        found = (await api.read(path.of(_DEEP), member, ids=ids))["nodes"]
    inner = {"name": "Newsletter", "contacts": {"totalCount": 1, "nodes": [{"email": "ada@example.com"}]}}
    assert found == [
        {
            "email": "ada@example.com",
            "lists": {"totalCount": 1, "nodes": [{"source": "a test", "list": inner}]},
        },
        {
            "name": "Newsletter",
            "contacts": {"nodes": [{"email": "ada@example.com", "lists": {"totalCount": 1}}]},
        },
    ]
    assert len(sent) == 1 or path is Path.REFERENCE
    async with database.connect() as connection:
        for statement in sent:
            named = await parts_named(connection, statement.sql, *statement.values)
            assert {len(parts) for parts in named.values()} == {1}
