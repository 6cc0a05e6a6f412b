"""T5: a directory provisions people and groups, and groups give roles."""

import asyncio

import pytest
from sqlalchemy import select

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.people.users import users
from models.scim.tables import scim_users
from models.single_sign_on.tables import single_sign_on_identities
from tests.areas.effects.log import events_of
from tests.areas.scim.directory import Directory
from tests.areas.single_sign_on.giving import give_identity, give_single_sign_on
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.world.world import PASSWORD, Person, World


async def test_a_person_is_made_found_and_forgotten(directory: Directory) -> None:
    name = directory.address("Anna")
    body = {"userName": name, "externalId": "x1", "name": {"givenName": "Anna", "familyName": "Berger"}}
    made = await directory.send("POST", "Users", body)
    assert made.status_code == 201
    user = made.json()
    assert made.headers["location"] == f"http://mandant.test/scim/v2/Users/{user['id']}"
    assert (user["userName"], user["active"], user["emails"][0]["value"]) == (name, True, name)
    for asked in (f'userName eq "{name.upper()}"', 'externalId eq "x1"', f'id eq "{user["id"]}"'):
        found = await directory.done("GET", f"Users?filter={asked}")
        assert [each["id"] for each in found["Resources"]] == [user["id"]]
    assert (await directory.done("GET", 'Users?filter=userName eq "nobody"'))["totalResults"] == 0
    again = await directory.send("POST", "Users", body)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert (await directory.send("DELETE", f"Users/{user['id']}")).status_code == 204
    assert (await directory.send("GET", f"Users/{user['id']}")).status_code == 404
    assert (await directory.send("POST", "Users", body)).status_code == 201


async def test_groups_give_roles_in_accounts(directory: Directory, world: World) -> None:
    shop = await world.account(directory.account, "Shop")
    anna, ben = await directory.user("anna"), await directory.user("ben")
    group = await directory.group("Marketing", anna)
    assert "Anna" not in await directory.roles(shop)
    await directory.map(group, shop, BuiltinRole.MARKETER)
    assert await directory.roles(shop) == {"Anna": "MARKETER"}
    await directory.patch(f"Groups/{group}", {"op": "Add", "path": "members", "value": [{"value": ben}]})
    assert await directory.roles(shop) == {"Anna": "MARKETER", "Ben": "MARKETER"}
    removed = {"op": "Remove", "path": "members", "value": [{"value": anna}]}
    await directory.patch(f"Groups/{group}", removed)
    assert await directory.members(group) == {ben}
    assert await directory.roles(shop) == {"Ben": "MARKETER"}
    await directory.map(group, shop, BuiltinRole.ANALYST)
    assert await directory.roles(shop) == {"Ben": "ANALYST"}
    await directory.map(group, shop, None)
    assert await directory.roles(shop) == {}


async def test_the_oldest_group_counts(directory: Directory) -> None:
    anna = await directory.user("anna")
    first, second = await directory.group("First", anna), await directory.group("Second", anna)
    await directory.map(second, directory.account, BuiltinRole.ANALYST)
    await directory.map(first, directory.account, BuiltinRole.MARKETER)
    assert (await directory.roles(directory.account))["Anna"] == "MARKETER"
    await directory.done("DELETE", f"Groups/{first}")
    assert (await directory.roles(directory.account))["Anna"] == "ANALYST"


async def test_who_left_loses_all_memberships_and_comes_back(directory: Directory, world: World) -> None:
    shop = await world.account(directory.account, "Shop")
    anna = await directory.user("anna")
    group = await directory.group("Marketing", anna)
    await directory.map(group, shop, BuiltinRole.MARKETER)
    for gone, back in ((("Replace", "False"), "True"), (("replace", False), True)):
        await directory.patch(f"Users/{anna}", {"op": gone[0], "path": "active", "value": gone[1]})
        assert await directory.roles(shop) == {}
        await directory.patch(f"Users/{anna}", {"op": "Replace", "path": "active", "value": back})
        assert await directory.roles(shop) == {"Anna": "MARKETER"}


async def test_a_membership_by_hand_stays_with_the_group_and_ends_with_the_person(
    directory: Directory, world: World
) -> None:
    person = await world.person("Carl", directory.address("carl"))
    await world.member(directory.account, BuiltinRole.FINANCE, person)
    carl = await directory.user("carl")
    group = await directory.group("Marketing", carl)
    await directory.patch(f"Groups/{group}", {"op": "remove", "path": "members"})
    assert (await directory.roles(directory.account))["Carl"] == "FINANCE"
    await directory.patch(f"Users/{carl}", {"op": "replace", "value": {"active": False}})
    assert "Carl" not in await directory.roles(directory.account)


async def test_an_owner_stays_and_people_are_told(directory: Directory, world: World) -> None:
    """The directory is not kept waiting, and nothing happens in silence."""
    person = await world.person("Olga", directory.address("olga"))
    shop = await world.account(directory.account, "Shop")
    await world.member(shop, BuiltinRole.OWNER, person)
    olga = await directory.user("olga")
    await directory.patch(f"Users/{olga}", {"op": "Replace", "path": "active", "value": "False"})
    assert await directory.roles(shop) == {"Olga": "OWNER"}
    events = await events_of(directory.api, directory.owner, directory.account.id)
    (told,) = [event for event in events if event["type"] == "SCIM_OWNER_KEPT"]
    assert told["after"] == {"user": person.id}
    assert (await directory.send("DELETE", f"Users/{olga}")).status_code == 204


async def test_a_key_takes_no_more_than_it_could_give(directory: Directory, world: World) -> None:
    """Another key, without the rights of an administrator, removes no administrator."""
    person = await world.person("Adam", directory.address("adam"))
    await world.member(directory.account, BuiltinRole.ADMINISTRATOR, person)
    adam = await directory.user("adam")
    role = await world.role(directory.account, "ACCOUNT_READ MEMBERS_READ MEMBERS_WRITE")
    key = await world.api_key(directory.account, role)
    body = {"Operations": [{"op": "replace", "value": {"active": False}}]}
    answer = await directory.send("PATCH", f"Users/{adam}", body, key.token)
    assert answer.status_code == 200
    assert (await directory.roles(directory.account))["Adam"] == "ADMINISTRATOR"
    events = await events_of(directory.api, directory.owner, directory.account.id)
    (left,) = [event for event in events if event["type"] == "SCIM_CHANGE_LEFT"]
    assert left["after"]["code"] == "ROLE_TOO_WIDE"


async def test_only_addresses_of_the_company_are_taken(directory: Directory, world: World) -> None:
    stranger = await world.person()
    before = await _people(world)
    for name in (stranger.email, "nobody", f"x@sub.{directory.domain.name}"):
        answer = await directory.send("POST", "Users", {"userName": name})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert await _people(world) == before
    upn = {"userName": "anna.upn", "emails": [{"value": directory.address("anna"), "type": "work"}]}
    assert (await directory.send("POST", "Users", upn)).status_code == 201


async def _people(world: World) -> int:
    async with world.database.connect() as connection:
        return len((await connection.execute(select(users.c.id))).all())


async def test_only_keys_of_a_master_account_come_in(directory: Directory, world: World) -> None:
    shop = await world.account(directory.account, "Shop")
    reader = await world.api_key(directory.account, BuiltinRole.ANALYST)
    scopes = Permission.ACCOUNT_READ.bit | Permission.MEMBERS_WRITE.bit
    blind = await world.api_key(directory.account, scopes=scopes)
    for token, status in (
        ((await world.api_key(shop)).token, 403),
        (reader.token, 403),
        (blind.token, 403),
        (directory.owner.token, 401),
        ("x", 401),
    ):
        answer = await directory.send("GET", "Users", token=token)
        assert (answer.status_code, answer.json()["status"]) == (status, str(status)), token
        answer = await directory.send("POST", "Groups", {"displayName": "All"}, token)
        assert answer.status_code == status
    assert (await directory.done("GET", "Groups"))["totalResults"] == 0
    other = await world.account(name="Another")
    user = await directory.user("anna")
    answer = await directory.send("GET", f"Users/{user}", token=(await world.api_key(other)).token)
    assert answer.status_code == 404


async def test_pages_and_what_is_left_out(directory: Directory) -> None:
    made = [await directory.user(f"person{number}") for number in range(5)]
    group = await directory.group("All", *made)
    found = [(await directory.done("GET", f"Users?startIndex={start}&count=2")) for start in (1, 3, 5, 7)]
    assert [each["totalResults"] for each in found] == [5] * 4
    assert [user["id"] for each in found for user in each["Resources"]] == made
    assert (await directory.done("GET", "Users?count=0"))["Resources"] == []
    named = await directory.done("GET", 'Groups?filter=displayName eq "All"&excludedAttributes=members')
    assert [(each["id"], "members" in each) for each in named["Resources"]] == [(group, False)]


async def test_what_is_not_valid_changes_nothing(directory: Directory, world: World) -> None:
    user = await directory.user("anna")
    group = await directory.group("All", user)
    before = await world.state(directory.account)
    nobody = "00000000-0000-7000-8000-000000000000"
    for method, path, body, status in (
        ("GET", "Users?filter=userName co x", None, 400),
        ("GET", 'Users?filter=emails eq "x"', None, 400),
        ("GET", "Users?count=x", None, 400),
        ("GET", f"Users/{nobody}", None, 404),
        ("GET", "Users/x", None, 404),
        ("PATCH", f"Users/{nobody}", {"Operations": [{"op": "remove", "path": "x"}]}, 404),
        ("PATCH", f"Users/{user}", {"Operations": [{"op": "replace", "path": "active", "value": 7}]}, 400),
        ("PATCH", f"Users/{user}", {"Operations": [{"op": "remove", "path": "userName"}]}, 400),
        ("PATCH", f"Groups/{group}", {"Operations": []}, 400),
        (
            "PATCH",
            f"Groups/{group}",
            {"Operations": [{"op": "add", "path": "members", "value": [{"value": nobody}]}]},
            400,
        ),
        ("PUT", f"Groups/{group}", {"members": []}, 400),
        ("PUT", f"Groups/{group}", [], 400),
        ("POST", "Users", {"userName": 7}, 400),
        ("POST", "Groups", {"displayName": "All"}, 409),
        ("POST", "Groups", {"displayName": "x" * 300}, 400),
    ):
        answer = await directory.send(method, path, body)
        assert answer.status_code == status, (method, path, body, answer.text)
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.headers["content-type"] == "application/scim+json"
    assert await world.state(directory.account) == before


async def test_the_same_person_twice_at_once_is_made_once(directory: Directory) -> None:
    body = {"userName": directory.address("anna")}
    answers = await asyncio.gather(*(directory.send("POST", "Users", body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_no_group_makes_owners(directory: Directory) -> None:
    group = await directory.group("All")
    values = {"groupId": f"scgr_{group}", "accountId": directory.account.id}
    role = ROLE_IDS[BuiltinRole.OWNER]
    code = await code_of(directory.api, "scimGroupRoleSet", directory.owner, **values, roleId=role)
    assert code == "CONSENT_REQUIRED"


async def test_the_directory_learns_what_there_is(directory: Directory) -> None:
    found = await directory.done("GET", "ServiceProviderConfig")
    assert found["patch"] == {"supported": True}
    types = await directory.done("GET", "ResourceTypes")
    assert [each["name"] for each in types["Resources"]] == ["User", "Group"]


async def test_a_promise_keeps_a_membership_back_and_not_the_directory(
    directory: Directory, world: World
) -> None:
    allowed = [BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR, BuiltinRole.FINANCE]
    promised = {"accountId": directory.account.id, "permission": "INVOICES_READ"}
    roles = [ROLE_IDS[role] for role in allowed]
    made = await done(
        directory.api,
        "accessPromiseCreate",
        directory.owner,
        "accessPromise { id }",
        **promised,
        roleIds=roles,
    )
    role = await world.role(directory.account, "ACCOUNT_READ INVOICES_READ")
    anna, carl = await directory.user("anna"), await directory.user("carl")
    group, other = await directory.group("Readers"), await directory.group("Analysts", carl)
    await directory.map(other, directory.account, BuiltinRole.ANALYST)
    values = {"groupId": f"scgr_{group}", "accountId": directory.account.id, "roleId": role.id}
    await done(directory.api, "scimGroupRoleSet", directory.owner, **values)
    before = await directory.roles(directory.account)
    both = [{"value": anna}, {"value": carl}]
    await directory.patch(f"Groups/{group}", {"op": "add", "path": "members", "value": both})
    assert await directory.members(group) == {anna, carl}
    assert await directory.roles(directory.account) == before
    events = await events_of(directory.api, directory.owner, directory.account.id)
    left = [event for event in events if event["type"] == "SCIM_CHANGE_LEFT"]
    assert [event["after"]["code"] for event in left] == ["PROMISE_BROKEN"] * 2
    assert {event["after"]["promise"] for event in left} == {made["accessPromise"]["id"]}
    assert events[: len(left)] == left


async def test_who_was_removed_stays_so_whatever_the_directory_says_of_the_person(
    directory: Directory, world: World
) -> None:
    """Until it takes the person out of the group, or out of work, and back."""
    shop, other = await world.account(directory.account, "Shop"), await world.account(directory.account)
    person = await world.person("Anna", directory.address("anna"))
    by_hand = await world.account(shop, "By hand")
    await world.member(by_hand, BuiltinRole.MARKETER, person)
    anna = await directory.user("anna")
    group = await directory.group("Marketing", anna)
    for account in (shop, other, by_hand):
        await directory.map(group, account, BuiltinRole.MARKETER)
    removed = {"accountId": shop.id, "userId": person.id}
    await done(directory.api, "personRemove", directory.owner, **removed)
    named = {"op": "replace", "path": "displayName", "value": "Anne"}
    for path, operation in (
        (f"Users/{anna}", named),
        (f"Groups/{group}", {"op": "add", "path": "members", "value": [{"value": anna}]}),
        (
            f"Groups/{group}",
            {"op": "add", "path": "members", "value": [{"value": await directory.user("b")}]},
        ),
    ):
        await directory.patch(path, operation)
        assert "Anna" not in await directory.roles(shop) | await directory.roles(by_hand)
        assert (await directory.roles(other))["Anna"] == "MARKETER"
    for active in (False, True):
        await directory.patch(f"Users/{anna}", {"op": "replace", "path": "active", "value": active})
    assert (await directory.roles(shop))["Anna"] == "MARKETER"
    await done(directory.api, "personRemove", directory.owner, **removed)
    for kind in ("remove", "add"):
        await directory.patch(f"Groups/{group}", {"op": kind, "path": "members", "value": [{"value": anna}]})
    assert (await directory.roles(shop))["Anna"] == "MARKETER"


@pytest.mark.parametrize("in_a_group", [True, False])
async def test_who_deletes_itself_is_no_user_any_more(
    directory: Directory, world: World, in_a_group: bool
) -> None:
    """Also where the person is in no account of the directory's tree."""
    person = await world.person("Anna", directory.address("anna"))
    anna = await directory.user("anna")
    group = await directory.group("Marketing", anna)
    if in_a_group:
        await give_identity_of(world, directory, person)
        await directory.map(group, directory.account, BuiltinRole.MARKETER)
    await done(directory.api, "userDelete", person, password=PASSWORD)
    members = await directory.roles(directory.account)
    body = {"Operations": [{"op": "replace", "path": "displayName", "value": "Anne"}]}
    assert (await directory.send("PATCH", f"Users/{anna}", body)).status_code == 404
    assert (await directory.send("GET", f"Users/{anna}")).status_code == 404
    assert (await directory.done("GET", "Users"))["totalResults"] == 0
    assert await directory.members(group) == set()
    await directory.map(group, directory.account, BuiltinRole.ANALYST)
    assert await directory.roles(directory.account) == members
    again = await directory.user("anna")
    assert again != anna
    await directory.done("PUT", f"Groups/{group}", {"displayName": "All", "members": [{"value": again}]})
    assert (await directory.roles(directory.account))["Anna"] == "ANALYST"
    assert (await directory.send("DELETE", f"Groups/{group}")).status_code == 204
    async with world.database.connect() as connection:
        for table in (scim_users, single_sign_on_identities):
            rows = select(table.c.user_id).where(table.c.user_id == person.key)
            assert (await connection.execute(rows)).all() == []


async def give_identity_of(world: World, directory: Directory, person: Person) -> None:
    """The company's issuer names the person."""
    await give_single_sign_on(world, directory.account)
    await give_identity(world, directory.account, person)


async def test_what_is_no_list_is_called_so(directory: Directory) -> None:
    for path, body, field in (
        ("Users", {"userName": "anna", "emails": directory.address("anna")}, "emails"),
        ("Groups", {"displayName": "All", "members": "x"}, "members"),
    ):
        answer = await directory.send("POST", path, body)
        assert (answer.status_code, answer.json()["detail"]) == (400, f"{field} must be a list.")


@pytest.mark.parametrize("path", ["Users?filter=userName", "Users?filter=id", "Groups?filter=displayName"])
async def test_a_filter_takes_no_nul(directory: Directory, path: str) -> None:
    answer = await directory.send("GET", f'{path} eq "a%00b"')
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
