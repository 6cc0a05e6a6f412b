"""Handing an account over: the old owner becomes an administrator, the new one owns at most this (R46)."""

from authz.builtin_roles import BuiltinRole
from tests.api import Api, Caller
from tests.resolvers.log import events_of
from tests.resolvers.mutations import ROLE_IDS, attempt, code_of, done
from tests.world import World

_ROLES = "query ($id: ID!) { account(id: $id) { members { nodes { id role { name } } } } }"


async def _roles(api: Api, caller: Caller, account_id: str) -> dict[str, str]:
    members = (await api.read(_ROLES, caller, id=account_id))["account"]["members"]["nodes"]
    return {member["id"]: member["role"]["name"] for member in members}


async def test_the_owner_hands_the_account_over(api: Api, world: World) -> None:
    account = await world.account()
    old = await world.member(account, BuiltinRole.OWNER)
    new = await world.member(account, BuiltinRole.MARKETER)
    transfer = {"accountId": account.id, "toMemberId": new.id}
    made = await done(api, "ownershipTransfer", old, "member { id role { name } }", **transfer)
    assert made["member"] == {"id": new.id, "role": {"name": "OWNER"}}
    assert await _roles(api, new, account.id) == {old.id: "ADMINISTRATOR", new.id: "OWNER"}
    assert await events_of(api, new, account.id) == [
        {
            "kind": "OWNERSHIP_TRANSFERRED",
            "subjectId": account.id,
            "actorName": old.person.name,
            "actor": {"id": old.person.id},
            "actingFrom": {"id": account.id},
            "account": {"id": account.id},
            "before": {"owner": old.person.id},
            "after": {"owner": new.person.id},
        }
    ]
    assert await code_of(api, "ownershipTransfer", old, **transfer) == "FORBIDDEN"


async def test_the_old_owner_may_own_another_account_then(api: Api, world: World) -> None:
    """R46, in both directions."""
    account, other = await world.account(), await world.account()
    old = await world.member(account, BuiltinRole.OWNER)
    new = await world.member(account, BuiltinRole.ANALYST)
    giver = await world.member(other, BuiltinRole.OWNER)
    receiver = await world.member(other, BuiltinRole.ANALYST, old.person)
    promotion = {"memberId": receiver.id, "roleId": ROLE_IDS[BuiltinRole.OWNER]}
    assert await code_of(api, "memberUpdate", giver, **promotion) == "ALREADY_OWNS_ACCOUNT"
    await done(api, "ownershipTransfer", old, accountId=account.id, toMemberId=new.id)
    assert await code_of(api, "memberUpdate", giver, **promotion) == ""
    back = {"accountId": account.id, "toMemberId": old.id}
    refused = await attempt(api, "ownershipTransfer", new, **back)
    assert refused.code == "ALREADY_OWNS_ACCOUNT"
    assert (await _roles(api, new, account.id))[new.id] == "OWNER"


async def test_from_above_the_old_owner_is_named(api: Api, world: World) -> None:
    """R42: the parent steps in."""
    parent = await world.account()
    account = await world.account(parent)
    above = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    old = await world.member(account, BuiltinRole.OWNER)
    new = await world.member(account, BuiltinRole.ANALYST)
    transfer = {"accountId": account.id, "toMemberId": new.id}
    unnamed = await attempt(api, "ownershipTransfer", above, **transfer)
    assert unnamed.code == "BAD_USER_INPUT"
    assert unnamed.user_error is not None
    assert unnamed.user_error["field"] == ["input", "fromMemberId"]
    await done(api, "ownershipTransfer", above, **transfer, fromMemberId=old.id)
    assert await _roles(api, above, account.id) == {old.id: "ADMINISTRATOR", new.id: "OWNER"}
    (event,) = await events_of(api, above, account.id)
    assert event["actingFrom"] == {"id": parent.id}


async def test_only_between_an_owner_and_another_member(api: Api, world: World) -> None:
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    second = await world.member(account, BuiltinRole.OWNER)
    admin = await world.member(account, BuiltinRole.ADMINISTRATOR)
    outsider = await world.member(other, BuiltinRole.ANALYST)
    before = await world.state(account, other)
    cases = [
        ({"toMemberId": second.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": owner.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": admin.id, "fromMemberId": admin.id}, "FAILED_PRECONDITION"),
        ({"toMemberId": outsider.id}, "NOT_FOUND"),
        ({"toMemberId": admin.id, "fromMemberId": outsider.id}, "NOT_FOUND"),
    ]
    for members, code in cases:
        transfer = {"accountId": account.id} | members
        assert await code_of(api, "ownershipTransfer", owner, **transfer) == code, members
    assert await world.state(account, other) == before
