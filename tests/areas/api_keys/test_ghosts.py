"""Keys whose creator left or lost a right (N18) follow the recorded choice, and somebody adopts them (T6)."""

from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import last_event
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, Token, done
from tests.world.world import Account, Member, World

_GHOSTS = (
    "query ($id: ID!) { account(id: $id) { ghosts { totalCount nodes { reason apiKey { id name "
    "createdBy { id } adoptedBy { id } whenMakerLosesAccess } } } } }"
)
_WHO = "{ viewer { apiKey { id } } }"


@dataclass(frozen=True)
class Made:
    """A key that was made through the API."""

    id: str
    token: str


async def _make(
    api: Api, caller: Caller, account: Account, choice: str, role: BuiltinRole = BuiltinRole.ADMINISTRATOR
) -> Made:
    values = {"accountId": account.id, "name": choice, "roleId": ROLE_IDS[role]}
    selection = "secret apiKey { id whenMakerLosesAccess }"
    made = await done(api, "apiKeyCreate", caller, selection, **values, whenMakerLosesAccess=choice)
    assert made["apiKey"]["whenMakerLosesAccess"] == choice
    return Made(made["apiKey"]["id"], made["secret"])


async def _ghosts(api: Api, caller: Caller, account: Account) -> dict[str, str]:
    """The reasons by the keys' ids."""
    found: dict[str, Any] = (await api.read(_GHOSTS, caller, id=account.id))["account"]["ghosts"]
    assert found["totalCount"] == len(found["nodes"])
    return {node["apiKey"]["id"]: node["reason"] for node in found["nodes"]}


async def _works(api: Api, *keys: Made) -> list[bool]:
    answers = [await api.ask(_WHO, Token(key.token)) for key in keys]
    assert {code for answer in answers for code in answer.codes} <= {"UNAUTHENTICATED"}
    return [not answer.codes for answer in answers]


async def _pair(world: World) -> tuple[Account, Member, Member]:
    """An account, its owner, and an administrator who will lose what he has."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    return account, owner, await world.member(account, BuiltinRole.ADMINISTRATOR)


async def test_keys_of_who_left_follow_the_choice(api: Api, world: World) -> None:
    account, owner, creator = await _pair(world)
    kept, stopped = [await _make(api, creator, account, choice) for choice in ("KEEP", "STOP")]
    assert await _ghosts(api, owner, account) == {}
    await done(api, "memberRemove", owner, memberId=creator.id)
    assert await _works(api, kept, stopped) == [True, False]
    assert await _ghosts(api, owner, account) == {kept.id: "MAKER_LEFT", stopped.id: "MAKER_LEFT"}


@pytest.mark.parametrize("role", [BuiltinRole.ANALYST, BuiltinRole.DEVELOPER])
async def test_keys_of_who_lost_a_right_follow_the_choice(api: Api, world: World, role: BuiltinRole) -> None:
    """An analyst makes no keys; a developer none that give so much. With the right the key works again."""
    account, owner, creator = await _pair(world)
    kept, stopped = [await _make(api, creator, account, choice) for choice in ("KEEP", "STOP")]
    await done(api, "memberUpdate", owner, memberId=creator.id, roleId=ROLE_IDS[role])
    assert await _works(api, kept, stopped) == [True, False]
    lost = "MAKER_LOST_RIGHT"
    assert await _ghosts(api, owner, account) == {kept.id: lost, stopped.id: lost}
    again = ROLE_IDS[BuiltinRole.ADMINISTRATOR]
    await done(api, "memberUpdate", owner, memberId=creator.id, roleId=again)
    assert await _works(api, kept, stopped) == [True, True]
    assert await _ghosts(api, owner, account) == {}


async def test_a_right_from_above_is_as_good(api: Api, world: World) -> None:
    master = await world.account()
    branch = await world.account(master)
    owner = await world.member(master, BuiltinRole.OWNER)
    creator = await world.member(branch, BuiltinRole.ADMINISTRATOR)
    await world.member(master, BuiltinRole.ADMINISTRATOR, creator.person)
    key = await _make(api, creator, branch, "STOP")
    await done(api, "memberRemove", owner, memberId=creator.id)
    assert await _works(api, key) == [True]
    assert await _ghosts(api, owner, branch) == {}


async def test_keys_of_a_key_end_with_it(api: Api, world: World) -> None:
    account, owner, creator = await _pair(world)
    first = await _make(api, creator, account, "STOP")
    second, third = [await _make(api, Token(first.token), account, choice) for choice in ("STOP", "KEEP")]
    last = await _make(api, Token(second.token), account, "STOP")
    assert await _works(api, first, second, third, last) == [True] * 4
    await done(api, "memberRemove", owner, memberId=creator.id)
    assert await _works(api, first, second, third, last) == [False, False, True, False]
    ended = "MAKER_ENDED"
    assert await _ghosts(api, owner, account) == {
        first.id: "MAKER_LEFT",
        second.id: ended,
        third.id: ended,
        last.id: ended,
    }
    await done(api, "apiKeyAdopt", owner, apiKeyId=first.id)
    assert await _works(api, first, second, third, last) == [True] * 4
    assert await _ghosts(api, owner, account) == {}
    await done(api, "apiKeyRevoke", owner, apiKeyId=first.id)
    assert await _works(api, first, second, third, last) == [False, False, True, False]
    assert await _ghosts(api, owner, account) == {second.id: ended, third.id: ended, last.id: ended}


async def test_a_key_of_a_narrowed_key_lost_its_right(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    first = await _make(api, owner, account, "STOP")
    second = await _make(api, Token(first.token), account, "STOP", BuiltinRole.ANALYST)
    assert await _works(api, second) == [True]
    narrow = {"apiKeyId": first.id, "expectedVersion": 1, "permissions": ["ACCOUNT_READ", "API_KEYS_WRITE"]}
    await done(api, "apiKeyUpdate", owner, **narrow)
    assert await _works(api, first, second) == [True, False]
    assert await _ghosts(api, owner, account) == {second.id: "MAKER_LOST_RIGHT"}


async def test_who_adopts_a_key_answers_for_it(api: Api, world: World) -> None:
    account, owner, creator = await _pair(world)
    adopter = await world.member(account, BuiltinRole.ADMINISTRATOR)
    key = await _make(api, creator, account, "STOP")
    await done(api, "memberRemove", owner, memberId=creator.id)
    assert await _works(api, key) == [False]
    selection = "secret apiKey { createdBy { id } adoptedBy { id } }"
    adopted = await done(api, "apiKeyAdopt", adopter, selection, apiKeyId=key.id)
    assert adopted["secret"] is None
    assert adopted["apiKey"]["adoptedBy"] == {"id": adopter.person.id}
    event = await last_event(api, owner, account.id)
    assert (event["type"], event["subjectId"]) == ("API_KEY_ADOPTED", key.id)
    assert (event["before"], event["after"]) == (
        {"maker": creator.person.id},
        {"maker": adopter.person.id},
    )
    assert await _works(api, key) == [True]
    before = await world.state(account)
    await done(api, "apiKeyAdopt", adopter, apiKeyId=key.id)
    assert await world.state(account) == before
    await done(api, "memberRemove", owner, memberId=adopter.id)
    assert await _works(api, key) == [False]
    assert await _ghosts(api, owner, account) == {key.id: "MAKER_LEFT"}


async def test_what_works_no_more_is_no_ghost(api: Api, world: World) -> None:
    account, owner, creator = await _pair(world)
    key = await _make(api, creator, account, "KEEP")
    await done(api, "memberRemove", owner, memberId=creator.id)
    assert await _ghosts(api, owner, account) == {key.id: "MAKER_LEFT"}
    await done(api, "apiKeyRevoke", owner, apiKeyId=key.id)
    assert await _ghosts(api, owner, account) == {}


async def test_a_stopped_key_writes_nothing(api: Api, world: World) -> None:
    account, owner, creator = await _pair(world)
    key = await _make(api, creator, account, "STOP")
    await done(api, "memberRemove", owner, memberId=creator.id)
    before = await world.state(account)
    rename = 'mutation ($id: ID!) { accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "X"}) '
    answer = await api.ask(f"{rename} {{ userErrors {{ code }} }} }}", Token(key.token), id=account.id)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert await world.state(account) == before


async def test_the_first_keys_are_ghosts_of_nobody(stranger: Api, api: Api, world: World) -> None:
    """R2, R6: whoever signs up, or makes a subaccount, holds all that the first key gives."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.ADMINISTRATOR)
    values = {"parentId": master.id, "name": "Branch", "idempotencyKey": "branch"}
    made = await done(api, "subaccountCreate", owner, "account { ghosts { totalCount } }", **values)
    assert made["account"]["ghosts"] == {"totalCount": 0}
    person = {"name": "P", "email": f"p-{master.key.hex}@example.com", "password": "a long pass phrase"}
    signed_up = await done(
        stranger, "signUp", None, "account { ghosts { totalCount } }", **person, accountName="Own"
    )
    assert signed_up["account"]["ghosts"] == {"totalCount": 0}
