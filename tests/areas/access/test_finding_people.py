"""Members, guests, invitations and keys of a whole subtree, and those of one person among them."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, done
from tests.engine.statements import statements
from tests.world.brand import Brand, given, offer_of
from tests.world.world import Account, Person, World

_PEOPLE = """query ($id: ID!, $search: String, $below: Boolean!) { account(id: $id) {
  members(search: $search, includeDescendants: $below) { totalCount nodes { user { name } account { name } } }
  shares(search: $search, includeDescendants: $below) { totalCount nodes { email status } }
  invitations(search: $search, includeDescendants: $below) { totalCount nodes { email account { name } } }
} }"""
_PERSON = """query ($id: ID!, $user: ID!) { account(id: $id) {
  members(userId: $user, includeDescendants: true) { nodes { account { name } role { name } } }
  shares(userId: $user, includeDescendants: true) { nodes { email } }
  apiKeys(creatorId: $user, includeDescendants: true) { nodes { name account { name } } }
} }"""
_MEMBERS = """query ($id: ID!, $after: String) { account(id: $id) {
  members(includeDescendants: true, first: 2, after: $after) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage } } } }"""


async def _people(
    api: Api, caller: Caller, account: Account, search: str | None = None, *, below: bool = True
) -> tuple[list[tuple[str, str]], list[str], list[tuple[str, str]]]:
    """Members by name and account, guests by address, invitations by address and account."""
    answer = await api.ask(_PEOPLE, caller, id=account.id, search=search, below=below)
    assert answer.errors == [], answer.errors
    found = answer.data["account"]
    for page in found.values():
        assert page["totalCount"] == len(page["nodes"])
    return (
        [(node["user"]["name"], node["account"]["name"]) for node in found["members"]["nodes"]],
        [node["email"] for node in found["shares"]["nodes"]],
        [(node["email"], node["account"]["name"]) for node in found["invitations"]["nodes"]],
    )


async def _invite(api: Api, caller: Caller, account: Account, email: str) -> None:
    values = {"accountId": account.id, "email": email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await done(api, "memberInvite", caller, **values, idempotencyKey=email)


async def test_people_are_found_by_name_and_address_in_the_whole_subtree(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    eva = await world.person("Éva Lindström", "eva.l@agency.example")
    guest = await world.person("Eva Guest", "guest@partner.example")
    for account in (brand.us, brand.store):
        await world.member(account, BuiltinRole.MARKETER, eva)
    await given(api, database, brand, guest, offer_of([brand.us, brand.uk], guest))
    await _invite(api, brand.owner, brand.store, "Eva.New@agency.example")
    members = [("Éva Lindström", "Marketing US"), ("Éva Lindström", "Store")]
    invited = [("Eva.New@agency.example", "Store")]
    assert await _people(api, brand.owner, brand.master, "EVA") == (
        members,
        ["guest@partner.example"],
        invited,
    )
    assert await _people(api, brand.owner, brand.master, "@agency.exa") == (members, [], invited)
    assert await _people(api, brand.owner, brand.master, "lindstrom") == (members, [], [])
    assert await _people(api, brand.owner, brand.us, "eva", below=False) == (
        members[:1],
        ["guest@partner.example"],
        [],
    )
    assert await _people(api, brand.owner, brand.uk, "eva") == ([], ["guest@partner.example"], [])
    assert await _people(api, brand.owner, brand.master, "e%a") == ([], [], [])


async def test_who_reads_a_part_of_the_tree_finds_the_people_of_that_part(
    api: Api, world: World, brand: Brand
) -> None:
    """Not those behind a cut link, nor those of accounts where the members are hidden from the viewer."""
    hidden = await world.member(brand.store, BuiltinRole.OWNER)
    await _invite(api, hidden, brand.store, "new@store.example")
    members, guests, _ = await _people(api, brand.owner, brand.master)
    assert members == [(brand.owner.person.name, "Brand"), (hidden.person.name, "Store")]
    assert guests == []
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    assert await _people(api, brand.owner, brand.master) == ([(brand.owner.person.name, "Brand")], [], [])
    marketer = await world.member(brand.master, BuiltinRole.MARKETER)
    answer = await api.ask(_PEOPLE, marketer, id=brand.master.id, search=None, below=True)
    assert set(answer.codes) == {"FORBIDDEN"}
    assert answer.data["account"] == {"members": None, "shares": None, "invitations": None}


async def test_an_inherited_member_is_listed_once_beside_those_below(
    api: Api, world: World, brand: Brand
) -> None:
    below = await world.member(brand.store, BuiltinRole.ANALYST)
    query = """query ($id: ID!) { account(id: $id) {
      members(includeInherited: true, includeDescendants: true) { nodes { relation user { name } } } } }"""
    nodes = (await api.read(query, brand.owner, id=brand.us.id))["account"]["members"]["nodes"]
    assert [(node["relation"], node["user"]["name"]) for node in nodes] == [
        ("ANCESTOR", brand.owner.person.name),
        ("MEMBER", below.person.name),
    ]


async def test_all_that_one_person_has_in_a_tree_is_listed(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person = await world.person()
    await world.member(brand.us, BuiltinRole.ADMINISTRATOR, person)
    await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await given(api, database, brand, person, offer_of([brand.uk], person))
    key = {"accountId": brand.store.id, "name": "Nightly", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await done(api, "apiKeyCreate", person, "apiKey { id }", **key)
    await world.api_key(brand.store)
    assert await _of(api, brand.owner, brand.master, person) == {
        "members": [{"account": {"name": "Marketing US"}, "role": {"name": "ADMINISTRATOR"}}],
        "shares": [{"email": person.email}],
        "apiKeys": [{"name": "Nightly", "account": {"name": "Store"}}],
    }
    nobody = await world.person()
    assert await _of(api, brand.owner, brand.master, nobody) == {"members": [], "shares": [], "apiKeys": []}


async def _of(api: Api, caller: Caller, account: Account, person: Person) -> dict[str, Any]:
    found = (await api.read(_PERSON, caller, id=account.id, user=person.id))["account"]
    return {field: page["nodes"] for field, page in found.items()}


async def test_pages_of_a_subtree_follow_each_other_in_one_statement_each(
    api: Api, world: World, brand: Brand
) -> None:
    made = [
        await world.member(account, BuiltinRole.ANALYST)
        for account in (brand.uk, brand.store, brand.us, brand.us)
    ]
    expected = [member.id for member in (brand.owner, *made)]
    found: list[str] = []
    after: str | None = None
    counts: list[int] = []
    while len(counts) < 3:
        with statements() as seen:
            page = (await api.read(_MEMBERS, brand.owner, id=brand.master.id, after=after))["account"][
                "members"
            ]
        counts.append(len(seen))
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == len(expected)
        assert page["pageInfo"]["hasNextPage"] == (len(found) < len(expected))
    assert found == expected
    assert len(set(counts)) == 1
