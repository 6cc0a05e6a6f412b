"""Custom roles that are given, changed and deleted at once: nobody is left with a role that is gone."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from engine.text.forms import compared, looks
from tests.areas.effects.log import events_of
from tests.areas.roles.custom_roles import listed
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, World


@pytest.mark.parametrize("field", ["memberInvite", "shareCreate", "apiKeyCreate", "memberUpdate"])
async def test_a_role_is_given_or_deleted(field: str, api: Api, world: World) -> None:
    """Also where it is given far below, by somebody of that account."""
    for _ in range(ROUNDS):
        main = await world.account()
        shop = await world.account(await world.account(main))
        owner = await world.member(main, BuiltinRole.OWNER)
        below = await world.member(shop, BuiltinRole.ADMINISTRATOR)
        member = await world.member(shop, BuiltinRole.ANALYST)
        role = await world.role(main)
        given: dict[str, Any] = {"accountId": shop.id, "roleId": role.id}
        offer = {"email": f"{shop.key.hex}@example.com", "idempotencyKey": "1"}
        values = {
            "memberInvite": given | offer,
            "shareCreate": {"accountIds": [shop.id], "roleId": role.id} | offer,
            "apiKeyCreate": given | {"name": "Robot"},
            "memberUpdate": {"memberId": member.id, "roleId": role.id},
        }
        codes = await at_once(
            code_of(api, field, below, **values[field]),
            code_of(api, "roleDelete", owner, roleId=role.id),
        )
        assert codes in (["", "ROLE_IN_USE"], ["NOT_FOUND", ""])
        assert await listed(api, owner, shop) == ([role.id] if codes[0] == "" else [])


async def test_of_two_updates_one_is_made(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        callers = [await world.member(account, BuiltinRole.ADMINISTRATOR) for _ in range(3)]
        role = await world.role(account)
        permissions = (["PLAN_READ"], ["CREDIT_READ"], ["AUDIT_READ"])
        attempts = await at_once(
            *[
                attempt(api, "roleUpdate", caller, roleId=role.id, expectedVersion=1, permissions=wanted)
                for caller, wanted in zip(callers, permissions, strict=True)
            ]
        )
        lost = [found.user_error for found in attempts if not found.done]
        assert [error and (error["__typename"], error["currentVersion"]) for error in lost] == [
            ("VersionConflict", 2)
        ] * 2
        (won,) = [number for number, found in enumerate(attempts) if found.done]
        (event,) = await events_of(api, callers[0], account.id)
        assert event["after"] == {"permissions": ["ACCOUNT_READ", *permissions[won]]}
        assert await _permissions(api, callers[0], role.id) == event["after"]["permissions"]


async def test_a_role_is_changed_or_deleted(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        role = await world.role(account)
        updated, deleted = await at_once(
            code_of(api, "roleUpdate", owner, roleId=role.id, expectedVersion=1, name="New"),
            code_of(api, "roleDelete", owner, roleId=role.id),
        )
        assert deleted == ""
        assert updated in {"", "NOT_FOUND"}
        assert await listed(api, owner, account) == []


async def test_two_roles_do_not_get_one_name(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        new = {"accountId": account.id, "permissions": ["PLAN_READ"]}
        codes = await at_once(*[code_of(api, "roleCreate", owner, **new, name=n) for n in ("One", "ONE")])
        assert sorted(codes) == ["", "CONFLICT"]
        assert len(await listed(api, owner, account)) == 1


async def test_a_role_is_widened_or_given_below_by_who_may_do_only_one(api: Api, world: World) -> None:
    """N19: the one counts what the other has done, whichever is first."""
    for _ in range(ROUNDS):
        main = await world.account()
        branch = await world.account(main)
        own = "ACCOUNT_READ ROLES_WRITE PLAN_READ"
        leader = await world.member(main, await world.role(main, own, "ACCOUNT_READ"))
        below = await world.member(
            branch, await world.role(branch, "ACCOUNT_READ MEMBERS_WRITE MEMBERS_READ")
        )
        member = await world.member(branch, await world.role(branch))
        role = await world.role(main)
        widened, given = await at_once(
            code_of(
                api,
                "roleUpdate",
                leader,
                roleId=role.id,
                expectedVersion=1,
                permissions=["ACCOUNT_READ", "PLAN_READ"],
            ),
            code_of(api, "memberUpdate", below, memberId=member.id, roleId=role.id),
        )
        assert (widened, given) in {("", "ROLE_TOO_WIDE"), ("ROLE_TOO_WIDE", "")}
        assert "PLAN_READ" not in await _held(api, member, branch)


async def _permissions(api: Api, caller: Caller, role_id: str) -> list[str]:
    query = "query ($id: ID!) { node(id: $id) { ... on Role { permissions } } }"
    found: list[str] = (await api.read(query, caller, id=role_id))["node"]["permissions"]
    return found


async def _held(api: Api, caller: Caller, account: Account) -> list[str]:
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    found: list[str] = (await api.read(query, caller, id=account.id))["account"]["viewerPermissions"]
    return found


async def test_of_two_names_that_look_the_same_one_is_taken(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        callers = [await world.member(account, BuiltinRole.ADMINISTRATOR) for _ in range(3)]
        codes = await at_once(
            *[
                code_of(api, "roleCreate", caller, accountId=account.id, name=name, permissions=["PLAN_READ"])
                for caller, name in zip(callers, ("Bill", "Bi11", "bill"), strict=True)
            ]
        )
        assert "" in codes
        assert set(codes) == {"", "CONFLICT"}
        query = "query ($id: ID!) { account(id: $id) { roles { nodes { name builtIn } } } }"
        found = await api.read(query, callers[0], id=account.id)
        own = [node["name"] for node in found["account"]["roles"]["nodes"] if not node["builtIn"]]
        assert len(own) == codes.count("") == len({compared(name) for name in own})
        assert len({looks(name) for name in own}) == len(own)
