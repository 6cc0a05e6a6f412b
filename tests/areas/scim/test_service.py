"""What a directory learns of the service, and what the log tells of the directory."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of
from tests.areas.scim.directory import Directory
from tests.world.world import World

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def _told(directory: Directory, kind: str) -> list[tuple[Any, Any, Any]]:
    """The events of this kind, oldest first."""
    found = await events_of(directory.api, directory.owner, directory.account.id, kind)
    return [(event["subjectId"], event["before"], event["after"]) for event in reversed(found)]


async def test_schemas_name_what_is_kept(directory: Directory) -> None:
    found = await directory.done("GET", "Schemas")
    assert [each["id"] for each in found["Resources"]] == [_USER, _GROUP]
    for schema in found["Resources"]:
        assert await directory.done("GET", f"Schemas/{schema['id']}") == schema
    names = {each["name"] for each in found["Resources"][0]["attributes"]}
    user = await directory.user("anna", name={"givenName": "Anna"}, externalId="1")
    shown = await directory.done("GET", f"Users/{user}")
    assert shown.keys() - {"id", "schemas", "meta"} == names
    group = await directory.group("All", user)
    shown = await directory.done("GET", f"Groups/{group}")
    names = {each["name"] for each in found["Resources"][1]["attributes"]}
    assert shown.keys() - {"id", "schemas", "meta"} == names - {"externalId"}
    assert (await directory.done("GET", "ResourceTypes/User"))["schema"] == _USER


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 404),
        ("GET", "Me", 404),
        ("POST", "Bulk", 404),
        ("POST", "Users/.search", 405),
        ("GET", "Schemas/urn:x", 404),
        ("GET", "ResourceTypes/Robot", 404),
        ("DELETE", "Users", 405),
        ("PUT", "Groups", 405),
        ("POST", "Groups/x", 405),
        ("POST", "ServiceProviderConfig", 405),
        ("OPTIONS", "Users", 405),
    ],
)
async def test_what_is_not_there_is_told_as_scim_tells_it(
    directory: Directory, method: str, path: str, status: int
) -> None:
    answer = await directory.send(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.json()["status"] == str(status)
    assert ("allow" in answer.headers) == (status == 405)


async def test_a_group_that_is_put_without_members_has_none(directory: Directory) -> None:
    anna = await directory.user("anna")
    group = await directory.group("All", anna)
    await directory.map(group, directory.account, BuiltinRole.ANALYST)
    assert "Anna" in await directory.roles(directory.account)
    await directory.done("PUT", f"Groups/{group}", {"displayName": "All"})
    assert await directory.members(group) == set()
    assert "Anna" not in await directory.roles(directory.account)


async def test_members_by_another_name_are_refused_and_stay(directory: Directory, world: World) -> None:
    anna = await directory.user("anna")
    group = await directory.group("All", anna)
    before = await world.state(directory.account)
    body = {"Operations": [{"op": "remove", "path": 'members[display eq "Anna"]'}]}
    answer = await directory.send("PATCH", f"Groups/{group}", body)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
    assert await directory.members(group) == {anna}
    assert await world.state(directory.account) == before


async def test_the_log_tells_of_people_and_does_not_name_them(directory: Directory, world: World) -> None:
    person = await world.person("Anna", directory.address("anna"))
    anna = await directory.user("anna")
    assert await _told(directory, "SCIM_USER_CREATED") == [(person.id, None, {"active": True})]
    renamed = {"op": "replace", "path": "displayName", "value": "Anne"}
    for operation in (renamed, renamed, {"op": "replace", "path": "active", "value": False}):
        await directory.patch(f"Users/{anna}", operation)
    assert await _told(directory, "SCIM_USER_UPDATED") == [
        (person.id, {"active": True}, {"active": True, "changed": ["displayName"]}),
        (person.id, {"active": True}, {"active": False, "changed": ["active"]}),
    ]
    await directory.send("DELETE", f"Users/{anna}")
    assert await _told(directory, "SCIM_USER_DELETED") == [(person.id, {"active": False}, None)]


async def test_the_log_tells_of_groups(directory: Directory) -> None:
    anna = await directory.user("anna")
    group = await directory.group("All")
    subject = f"scgr_{group}"
    empty = {"displayName": "All", "externalId": None, "memberCount": 0}
    assert await _told(directory, "SCIM_GROUP_CREATED") == [(subject, None, empty)]
    added = {"op": "add", "path": "members", "value": [{"value": anna}]}
    other = {"op": "replace", "path": "members", "value": [{"value": await directory.user("ben")}]}
    for operation in (added, added, other):
        await directory.patch(f"Groups/{group}", operation)
    one = {**empty, "memberCount": 1}
    assert await _told(directory, "SCIM_GROUP_UPDATED") == [
        (subject, empty, {**one, "membersAdded": 1, "membersRemoved": 0}),
        (subject, one, {**one, "membersAdded": 1, "membersRemoved": 1}),
    ]
    await directory.send("DELETE", f"Groups/{group}")
    assert await _told(directory, "SCIM_GROUP_DELETED") == [(subject, one, None)]
