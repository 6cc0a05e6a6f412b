"""Why something was changed, as the request says it (R54, N3)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.world.world import PASSWORD, World

_RENAME = """mutation ($input: AccountUpdateInput!) {
  accountUpdate(input: $input) { account { version } userErrors { code } } }"""
_LOG = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { reason fromAbove } } } }"


async def _send(api: Api, caller: Caller | None, body: dict[str, Any]) -> tuple[int, Any]:
    headers = {} if caller is None else {"Authorization": f"Bearer {caller.token}"}
    headers["Accept"] = "application/graphql-response+json"
    response = await api.http.post("/graphql", json=body, headers=headers)
    return response.status_code, response.json()


@pytest.mark.parametrize("above", [True, False])
async def test_it_stands_in_the_log(api: Api, world: World, *, above: bool) -> None:
    master = await world.account()
    account = await world.account(master)
    member = await world.member(master if above else account, BuiltinRole.OWNER)
    values = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    body = {"query": _RENAME, "variables": {"input": values}, "extensions": {"reason": " Ticket 7 🦊 "}}
    status, answer = await _send(api, member, body)
    assert (status, answer["data"]["accountUpdate"]["userErrors"]) == (200, [])
    (event,) = (await api.read(_LOG, member, id=account.id))["account"]["events"]["nodes"]
    assert event == {"reason": "Ticket 7 🦊", "fromAbove": above}


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, "a\x00b", "two\nlines", 7, ["a"], {}, True])
async def test_a_bad_one_is_refused_before_anything_runs(api: Api, world: World, reason: object) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    before = await world.state(account)
    values = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    body = {"query": _RENAME, "variables": {"input": values}}
    status, answer = await _send(api, owner, body | {"extensions": {"reason": reason}})
    assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert "data" not in answer
    assert await world.state(account) == before
    status, answer = await _send(api, owner, body | {"extensions": {"reason": None, "other": 1}})
    assert (status, answer["data"]["accountUpdate"]["account"]) == (200, {"version": 2})


async def test_also_of_who_signs_up(stranger: Api, world: World) -> None:
    email = (await world.person()).email.replace("@", "-new@")
    query = """mutation ($input: SignUpInput!) { signUp(input: $input) {
      token account { id events { nodes { reason } } } userErrors { code } } }"""
    values = {"name": "A", "email": email, "password": PASSWORD, "accountName": "B"}
    body = {"query": query, "variables": {"input": values}, "extensions": {"reason": "Trade fair"}}
    _, answer = await _send(stranger, None, body)
    nodes = answer["data"]["signUp"]["account"]["events"]["nodes"]
    assert {node["reason"] for node in nodes} == {"Trade fair"}
