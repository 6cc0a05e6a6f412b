"""A refusal says where: what stands in the way, as far as whoever asks may see it, and no more."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess, accounts
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, attempt, done
from tests.world.budgets import set_budget
from tests.world.plans import GROWTH, subscribe
from tests.world.shares import Given, give_share
from tests.world.world import Account, CustomRole, Member, World

_USES = """query ($id: ID!) { node(id: $id) { ... on Role { uses { totalCount nodes {
  subjectId kind name account { id } member { id } invitation { id } apiKey { id } share { id } } } } } }"""


@dataclass(frozen=True)
class Scene:
    """A role of the main account that is in use in a shop below: by one of each kind."""

    world: World
    main: Account
    shop: Account
    owner: Member
    role: CustomRole
    used_by: dict[str, str]
    """The ids by their kinds."""


@pytest.fixture
async def scene(api: Api, world: World) -> Scene:
    main = await world.account()
    shop = await world.account(main)
    owner = await world.member(main, BuiltinRole.OWNER)
    role = await world.role(main)
    member, key = await world.member(shop, role), await world.api_key(shop, role)
    share = await give_share(world, [shop], await world.person(), owner.person, Given(role))
    values = {"accountId": shop.id, "email": "new@example.com", "roleId": role.id, "idempotencyKey": "1"}
    invited = await done(api, "memberInvite", owner, "invitation { id }", **values)
    used_by = {"MEMBER": member.id, "API_KEY": key.id, "SHARE": share.id}
    return Scene(world, main, shop, owner, role, used_by | {"INVITATION": invited["invitation"]["id"]})


async def _blockers(api: Api, code: str, field: str, caller: Caller, **values: Any) -> set[tuple[str, str]]:
    """(id, account) of what stands in the way; nothing is changed."""
    refused = await attempt(api, field, caller, **values)
    assert refused.code == code, refused
    assert refused.user_error is not None
    assert refused.user_error["moreBlockers"] is False
    assert all(found["name"] and found["accountName"] for found in refused.user_error["blockers"])
    return {(found["id"], found["accountId"]) for found in refused.user_error["blockers"]}


async def test_who_has_a_role(api: Api, scene: Scene) -> None:
    """By the refusal and by the list alike; of each kind by its own right."""
    world, role = scene.world, scene.role
    before = await world.state(scene.main)
    everything = {(id_, scene.shop.id) for id_ in scene.used_by.values()}
    assert await _blockers(api, "ROLE_IN_USE", "roleDelete", scene.owner, roleId=role.id) == everything
    assert await world.state(scene.main) == before
    uses = (await api.read(_USES, scene.owner, id=role.id))["node"]["uses"]
    assert uses["totalCount"] == 4
    assert {node["kind"]: node["subjectId"] for node in uses["nodes"]} == scene.used_by
    for node in uses["nodes"]:
        one = {"MEMBER": "member", "INVITATION": "invitation", "API_KEY": "apiKey", "SHARE": "share"}
        told = {name: node[name] for name in one.values()}
        assert told == dict.fromkeys(told) | {one[node["kind"]]: {"id": node["subjectId"]}}
        assert node["name"]
        assert node["account"] == {"id": scene.shop.id}
    clerk = await world.role(scene.main, "ROLES_READ ACCOUNT_READ", "ACCOUNT_READ API_KEYS_READ")
    reader = await world.member(scene.main, clerk)
    uses = (await api.read(_USES, reader, id=role.id))["node"]["uses"]
    assert [node["subjectId"] for node in uses["nodes"]] == [scene.used_by["API_KEY"]]
    assert uses["totalCount"] == 1
    built_in = ROLE_IDS[BuiltinRole.ANALYST]
    assert (await api.read(_USES, scene.owner, id=built_in))["node"]["uses"]["totalCount"] == 0


async def test_what_is_out_of_sight_is_not_told(api: Api, scene: Scene) -> None:
    """Not even how many there are: the account below lets nothing pass but that it is there."""
    world, role = scene.world, scene.role
    await set_parent_access(world, scene.shop, ParentAccess.NONE)
    # The role gives nothing that is not held there: who may not see where it is used may still try.
    assert await _blockers(api, "ROLE_IN_USE", "roleDelete", scene.owner, roleId=role.id) == set()
    uses = (await api.read(_USES, scene.owner, id=role.id))["node"]["uses"]
    assert uses == {"totalCount": 0, "nodes": []}


async def test_a_refusal_names_twenty_and_says_that_there_are_more(api: Api, scene: Scene) -> None:
    for _ in range(17):
        await scene.world.api_key(scene.main, scene.role)
    refused = await attempt(api, "roleDelete", scene.owner, roleId=scene.role.id)
    assert refused.user_error is not None
    assert len(refused.user_error["blockers"]) == 20
    assert refused.user_error["moreBlockers"] is True


async def test_accounts_members_and_shares_in_the_way(api: Api, world: World) -> None:
    main = await world.account()
    branch, other = await world.account(main), await world.account(main)
    shop = await world.account(branch)
    owner = await world.member(main, BuiltinRole.OWNER)
    member = await world.member(branch, BuiltinRole.MARKETER)
    guest = await world.person()
    share = await give_share(world, [branch, other], guest, owner.person)
    statement = update(accounts).where(accounts.c.id == branch.key).values(external_id="mine")
    async with world.database.begin() as connection:
        await connection.execute(statement)
    analyst = {"roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    new = {**analyst, "idempotencyKey": "1"}
    before = await world.state(main)
    cases: list[tuple[str, str, dict[str, Any], set[tuple[str, str]]]] = [
        ("HAS_SUBACCOUNTS", "accountClose", {"accountId": branch.id}, {(shop.id, shop.id)}),
        (
            "CONFLICT",
            "accountUpdate",
            {"accountId": other.id, "expectedVersion": 1, "externalId": "mine"},
            {(branch.id, branch.id)},
        ),
        (
            "ALREADY_MEMBER",
            "memberInvite",
            {"accountId": branch.id, "email": member.person.email, **new},
            {(member.id, branch.id)},
        ),
        (
            "ALREADY_MEMBER",
            "shareCreate",
            {"accountIds": [branch.id, other.id], "email": member.person.email, **new},
            {(member.id, branch.id)},
        ),
        (
            "ALREADY_SHARED",
            "shareCreate",
            {"accountIds": [branch.id], "email": guest.email, **new},
            {(share.id, branch.id)},
        ),
    ]
    for code, field, values, expected in cases:
        assert await _blockers(api, code, field, owner, **values) == expected
    assert await world.state(main) == before


async def test_what_limits_a_guarantee(api: Api, world: World) -> None:
    """The account whose plan or cap it is."""
    main = await world.account()
    branch = await world.account(main)
    shop = await world.account(branch)
    owner = await world.member(main, BuiltinRole.OWNER)
    await subscribe(world, main, GROWTH)
    values = {"accountId": branch.id, "cap": None, "guarantee": 2_000_000_000}
    found = await _blockers(api, "GUARANTEE_TOO_LARGE", "sendBudgetUpdate", owner, **values)
    assert found == {(main.id, main.id)}
    await set_budget(world, branch, 10)
    await subscribe(world, branch, GROWTH)
    values = {"accountId": shop.id, "cap": None, "guarantee": 20}
    found = await _blockers(api, "GUARANTEE_TOO_LARGE", "sendBudgetUpdate", owner, **values)
    assert found == {(branch.id, branch.id)}
