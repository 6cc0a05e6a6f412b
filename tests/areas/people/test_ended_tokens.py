"""A token that has ended does nothing more, however well the process knows whom it belonged to."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.world.world import PASSWORD, Account, ApiKey, Member, World

_RENAME = (
    "mutation ($id: ID!, $version: Int!, $name: String!) { accountUpdate(input: "
    "{accountId: $id, expectedVersion: $version, name: $name}) { account { version } userErrors { code } } }"
)
_END = {
    "session": "DELETE FROM sessions WHERE user_id = :id",
    "expired session": "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = :id",
    "key": "UPDATE api_keys SET revoked_at = now() WHERE id = :id",
    "key elsewhere": "UPDATE api_keys SET ip_ranges = '{192.0.2.0/24}' WHERE id = :id",
}


async def _caller(world: World, account: Account, kind: str) -> Caller:
    if "session" in kind:
        return await world.member(account, BuiltinRole.OWNER)
    return await world.api_key(account, BuiltinRole.OWNER)


async def _end(database: AsyncEngine, caller: Caller, kind: str) -> None:
    assert isinstance(caller, Member | ApiKey)
    key = caller.person.key if isinstance(caller, Member) else caller.key
    async with database.begin() as connection:
        assert (await connection.execute(text(_END[kind]), {"id": key})).rowcount == 1


async def _rename(api: Api, caller: Caller, account: Account, name: str, version: int) -> list[str]:
    return (await api.ask(_RENAME, caller, id=account.id, version=version, name=name)).codes


async def _rename_by_a_bad_name(api: Api, caller: Caller, account: Account) -> list[str]:
    """Refused before anything is asked of the database."""
    return await _rename(api, caller, account, "", 3)


async def _rename_once_more(api: Api, caller: Caller, account: Account) -> list[str]:
    return await _rename(api, caller, account, "Late", 3)


async def _invite(api: Api, caller: Caller, account: Account) -> list[str]:
    """Counted first, in a transaction of its own."""
    query = (
        'mutation ($id: ID!) { memberInvite(input: {accountId: $id, email: "late@example.com", '
        'roleId: "role_x", idempotencyKey: "1"}) { userErrors { code } } }'
    )
    return (await api.ask(query, caller, id=account.id)).codes


@pytest.mark.parametrize("late", [_rename_by_a_bad_name, _rename_once_more, _invite])
@pytest.mark.parametrize("kind", _END)
async def test_the_next_mutation_is_refused(
    api: Api,
    world: World,
    database: AsyncEngine,
    kind: str,
    late: Callable[[Api, Caller, Account], Awaitable[list[str]]],
) -> None:
    account = await world.account()
    caller = await _caller(world, account, kind)
    for version in (1, 2):
        assert await _rename(api, caller, account, f"Name {version}", version) == []
    await _end(database, caller, kind)
    before = await world.state(account)
    for _ in range(2):
        assert await late(api, caller, account) == ["UNAUTHENTICATED"]
    assert await world.state(account) == before


async def test_what_follows_on_a_sign_out_in_one_request_finds_nothing(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    assert await _rename(api, owner, account, "Known", 1) == []
    query = (
        "mutation ($id: ID!) { signOut { userErrors { code } } accountUpdate(input: {accountId: $id, "
        'expectedVersion: 2, name: "Late"}) { userErrors { code } } }'
    )
    answer = await api.ask(query, owner, id=account.id)
    assert answer.data == {
        "signOut": {"userErrors": []},
        "accountUpdate": {"userErrors": [{"code": "NOT_FOUND"}]},
    }
    rows = await world.state(account)
    assert "Late" not in str(rows)
    assert await _rename(api, owner, account, "Later", 2) == ["UNAUTHENTICATED"]


async def test_who_signs_in_behind_a_sign_out_in_one_request_is_signed_in(api: Api, world: World) -> None:
    person = await world.person()
    query = (
        "mutation ($input: SignInInput!) { signOut { userErrors { code } } "
        "signIn(input: $input) { token userErrors { code } } }"
    )
    for _ in range(2):
        answer = await api.ask(query, person, input={"email": person.email, "password": PASSWORD})
        assert answer.codes == []
        assert answer.data["signIn"]["userErrors"] == []
        person = replace(person, token=answer.data["signIn"]["token"])
