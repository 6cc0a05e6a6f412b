"""The operations of a PATCH, in the dialects of directories."""

from typing import Any

import pytest

from resolvers.scim.documents import read_user
from resolvers.scim.errors import ScimError
from resolvers.scim.patch import patched

_USER: dict[str, Any] = {
    "userName": "anna@example.com",
    "active": True,
    "name": {"givenName": "Anna"},
    "emails": [{"value": "anna@example.com", "type": "work", "primary": True}],
}
_GROUP: dict[str, Any] = {"displayName": "All", "members": [{"value": "a"}, {"value": "b"}, {"value": "c"}]}


def _members(*operations: Any) -> list[str]:
    return [each["value"] for each in patched(_GROUP, list(operations))["members"]]


def test_members_are_removed_by_a_list_of_values() -> None:
    """Entra: the group keeps the others."""
    gone = {"op": "Remove", "path": "members", "value": [{"value": "a"}, {"value": "c"}]}
    assert _members(gone) == ["b"]
    assert _members({"op": "remove", "path": "members", "value": [{"value": "x"}]}) == ["a", "b", "c"]
    assert _members({"op": "remove", "path": "members", "value": {"value": "a"}}) == ["b", "c"]
    assert _members({"op": "remove", "path": "members", "value": []}) == ["a", "b", "c"]


def test_members_are_removed_by_a_path_with_a_value() -> None:
    """Okta."""
    assert _members({"op": "remove", "path": 'members[value eq "b"]'}) == ["a", "c"]
    assert _members({"op": "remove", "path": 'members[value eq "x"]'}) == ["a", "b", "c"]
    assert _members({"op": "remove", "path": "members"}) == []


def test_members_are_added_once() -> None:
    added = {"op": "Add", "path": "members", "value": [{"value": "c"}, {"value": "d"}, {"value": "d"}]}
    assert _members(added) == ["a", "b", "c", "d"]
    assert _members({"op": "add", "value": {"Members": [{"value": "d"}]}}) == ["a", "b", "c", "d"]
    assert _members({"op": "replace", "path": "members", "value": [{"value": "d"}]}) == ["d"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
        {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": False},
        {"OP": "REPLACE", "Path": "Active", "Value": "false"},
    ],
)
def test_who_left_is_not_active(operation: Any) -> None:
    assert read_user(patched(_USER, [operation])).active is False


def test_parts_of_values_are_changed() -> None:
    found = patched(
        _USER,
        [
            {"op": "Replace", "path": "name.givenName", "value": "Anne"},
            {"op": "Add", "path": "name.familyName", "value": "Berger"},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "anne@example.com"},
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"},
            {
                "op": "Add",
                "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "value": "Sales",
            },
        ],
    )
    assert found["name"] == {"givenName": "Anne", "familyName": "Berger"}
    assert found["emails"] == [{"value": "anne@example.com", "type": "work", "primary": True}]
    assert _USER["name"] == {"givenName": "Anna"}


@pytest.mark.parametrize(
    "operations",
    [
        None,
        [],
        ["x"],
        [{"op": "move", "path": "a"}],
        [{"op": "remove"}],
        [{"op": "replace", "value": 7}],
        [{"op": "replace", "path": "a[b", "value": 7}],
        [{"op": "replace", "path": 7, "value": 7}],
        [{"op": "add", "path": "members", "value": [7]}],
        [{"op": "add", "path": "displayName.x", "value": 7}],
    ],
)
def test_what_is_no_operation_is_refused(operations: Any) -> None:
    with pytest.raises(ScimError):
        patched(_GROUP, operations)


@pytest.mark.parametrize("by", ["display", "$ref", "type"])
@pytest.mark.parametrize("kind", ["remove", "replace", "add"])
def test_members_are_found_by_their_ids_alone(kind: str, by: str) -> None:
    """Nothing else is kept of them: nobody would be removed, and the directory would not notice."""
    operation = {"op": kind, "path": f'members[{by} eq "Anna"]', "value": {"value": "d"}}
    with pytest.raises(ScimError) as refused:
        patched(_GROUP, [operation])
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")
