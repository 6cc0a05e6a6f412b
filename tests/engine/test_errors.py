"""What fails, fails alone: an error's siblings are answered, and what follows is done."""

import uuid

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.engine.paths import Path
from tests.world.world import World


@pytest.mark.parametrize("path", Path)
async def test_what_is_denied_or_missing_is_null_beside_its_siblings(
    api: Api, world: World, path: Path
) -> None:
    account = await world.account(name="Here")
    analyst = await world.member(account, BuiltinRole.ANALYST)
    query = """
    query ($id: ID!, $unknown: ID!) {
      here: account(id: $id) { name members { totalCount } again: name rightsInheritance }
      missing: account(id: $unknown) { name }
      viewer { accounts { nodes { name apiKeys { totalCount } } } }
    }
    """
    unknown = present(Kind.ACCOUNT, uuid.uuid4())
    answer = await api.ask(path.of(query), analyst, id=account.id, unknown=unknown)
    answer.data.pop("__schema", None)
    assert answer.status == 200
    assert answer.data == {
        "here": {"name": "Here", "members": None, "again": "Here", "rightsInheritance": None},
        "missing": None,
        "viewer": {"accounts": {"nodes": [{"name": "Here", "apiKeys": None}]}},
    }
    errors = {
        tuple(error["path"]): (error["extensions"]["code"], error["extensions"].get("permission"))
        for error in answer.errors
    }
    assert errors == {
        ("here", "members"): ("FORBIDDEN", "MEMBERS_READ"),
        ("here", "rightsInheritance"): ("FORBIDDEN", "SETTINGS_READ"),
        ("missing",): ("NOT_FOUND", None),
        ("viewer", "accounts", "nodes", 0, "apiKeys"): ("FORBIDDEN", "API_KEYS_READ"),
    }


async def test_a_bad_page_takes_only_its_parent_with_it(api: Api, world: World) -> None:
    """`accounts` cannot be null, so its viewer is; the other viewer, who waits for the same rows, is not."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    query = """
    query ($id: ID!) {
      broken: viewer { user { name } accounts(first: 1001) { totalCount } }
      whole: viewer { user { name } accounts { totalCount } }
      account(id: $id) { bad: members(first: -1) { totalCount } good: members { totalCount } name }
    }
    """
    for _ in range(3):
        answer = await api.ask(query, owner, id=account.id)
        assert answer.data == {
            "broken": None,
            "whole": {"user": {"name": owner.person.name}, "accounts": {"totalCount": 1}},
            "account": {"bad": None, "good": {"totalCount": 1}, "name": account.name},
        }
        paths = [error["path"] for error in answer.errors]
        assert sorted(paths) == [["account", "bad"], ["broken", "accounts"]]
        assert set(answer.codes) == {"BAD_USER_INPUT"}


async def test_mutations_of_one_request_run_in_turn_and_a_refusal_stops_none(api: Api, world: World) -> None:
    account = await world.account(name="Zero")
    owner = await world.member(account, BuiltinRole.OWNER)
    query = """
    mutation ($id: ID!) {
      one: accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "One"}) { ...Changed }
      late: accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "Late"}) { ...Changed }
      leave: memberLeave(input: {accountId: $id}) { account { id } userErrors { code } }
      bad: accountUpdate(input: {accountId: $id, expectedVersion: 2, name: ""}) { ...Changed }
      two: accountUpdate(input: {accountId: $id, expectedVersion: 2, name: "Two"}) { ...Changed }
    }
    fragment Changed on AccountPayload {
      account { name version events { totalCount } }
      userErrors { code }
    }
    """
    data = await api.read(query, owner, id=account.id)
    refused = {"account": None}
    assert list(data) == ["one", "late", "leave", "bad", "two"]
    assert data == {
        "one": {"account": {"name": "One", "version": 2, "events": {"totalCount": 1}}, "userErrors": []},
        "late": refused | {"userErrors": [{"code": "CONFLICT"}]},
        "leave": refused | {"userErrors": [{"code": "LAST_OWNER"}]},
        "bad": refused | {"userErrors": [{"code": "BAD_USER_INPUT"}]},
        "two": {"account": {"name": "Two", "version": 3, "events": {"totalCount": 2}}, "userErrors": []},
    }
    events = await events_of(api, owner, account.id)
    assert [event["after"]["name"] for event in events] == ["Two", "One"]


async def test_a_mutation_that_takes_the_right_away_stops_the_next_one(api: Api, world: World) -> None:
    """T8: rights are read in each transaction, not once a request."""
    master = await world.account()
    account = await world.account(master)
    admin = await world.member(account, BuiltinRole.ADMINISTRATOR)
    query = """
    mutation ($id: ID!) {
      leave: memberLeave(input: {accountId: $id}) { userErrors { code } }
      update: accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "Mine"}) { userErrors { code } }
    }
    """
    data = await api.read(query, admin, id=account.id)
    assert data == {
        "leave": {"userErrors": []},
        "update": {"userErrors": [{"code": "NOT_FOUND"}]},
    }
