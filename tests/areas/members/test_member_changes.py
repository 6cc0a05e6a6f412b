"""Changing memberships: roles, ends, removals and leavings, each felt by the next request."""

import datetime

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, last_event
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.world.world import World

_MEMBER = "member { id role { name } relation expiresAt }"
_SEES = "query ($id: ID!) { node(id: $id) { id } }"


def _tomorrow() -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat(timespec="seconds")


async def _sees(api: Api, caller: Caller, account_id: str) -> bool:
    return (await api.read(_SEES, caller, id=account_id))["node"] is not None


async def test_a_new_role_holds_from_the_next_request_on(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    invite = {
        "accountId": account.id,
        "email": "someone@example.com",
        "roleId": ROLE_IDS[BuiltinRole.ANALYST],
        "idempotencyKey": "1",
    }
    assert await code_of(api, "memberInvite", member, **invite) == "FORBIDDEN"
    raised = await done(
        api, "memberUpdate", owner, _MEMBER, memberId=member.id, roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR]
    )
    assert raised["member"] == {
        "id": member.id,
        "role": {"name": "ADMINISTRATOR"},
        "relation": "MEMBER",
        "expiresAt": None,
    }
    assert await code_of(api, "memberInvite", member, **invite) == ""
    await done(api, "memberUpdate", owner, memberId=member.id, roleId=ROLE_IDS[BuiltinRole.ANALYST])
    again = invite | {"idempotencyKey": "2"}
    assert await code_of(api, "memberInvite", member, **again) == "FORBIDDEN"


async def test_the_log_tells_the_role_and_the_end_before_and_after(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    end = _tomorrow()
    changed = await done(
        api,
        "memberUpdate",
        owner,
        _MEMBER,
        memberId=member.id,
        roleId=ROLE_IDS[BuiltinRole.FINANCE],
        expiresAt=end,
    )
    assert changed["member"]["expiresAt"] == end
    assert await events_of(api, owner, account.id) == [
        {
            "type": "MEMBER_UPDATED",
            "subjectId": member.id,
            "actorName": owner.person.name,
            "actor": {"id": owner.person.id},
            "actingFrom": {"id": account.id},
            "account": {"id": account.id},
            "before": {"role": "ANALYST", "expiresAt": None},
            "after": {"role": "FINANCE", "expiresAt": end},
        }
    ]


async def test_without_a_role_only_the_end_changes_and_without_an_end_only_the_role(
    api: Api, world: World
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    first = await done(api, "memberUpdate", owner, _MEMBER, memberId=member.id, expiresAt=_tomorrow())
    other = {"memberId": member.id, "roleId": ROLE_IDS[BuiltinRole.MARKETER]}
    second = await done(api, "memberUpdate", owner, _MEMBER, **other)
    assert first["member"]["expiresAt"] == second["member"]["expiresAt"] is not None
    assert (first["member"]["role"], second["member"]["role"]) == ({"name": "ANALYST"}, {"name": "MARKETER"})
    await done(api, "memberUpdate", owner, _MEMBER, **other)
    endless = await done(api, "memberUpdate", owner, _MEMBER, memberId=member.id, expiresAt=None)
    assert (endless["member"]["role"], endless["member"]["expiresAt"]) == ({"name": "MARKETER"}, None)
    assert len(await events_of(api, owner, account.id, "MEMBER_UPDATED")) == 3


async def test_a_removed_member_is_refused_by_the_very_next_request(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.MARKETER)
    assert await _sees(api, member, account.id)
    removed = await done(api, "memberRemove", owner, "account { id } removedMemberId", memberId=member.id)
    assert (removed["account"], removed["removedMemberId"]) == ({"id": account.id}, member.id)
    assert not await _sees(api, member, account.id)
    event = await last_event(api, owner, account.id)
    assert (event["type"], event["subjectId"], event["before"], event["after"]) == (
        "MEMBER_REMOVED",
        member.id,
        {"role": "MARKETER", "expiresAt": None, "user": member.person.id},
        None,
    )


async def test_who_leaves_is_gone_and_elsewhere_still_there(api: Api, world: World) -> None:
    """T12: a membership is one of many."""
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    await world.member(other, BuiltinRole.ANALYST, member.person)
    left = await done(api, "memberLeave", member, "account { id } removedMemberId", accountId=account.id)
    assert (left["account"], left["removedMemberId"]) == (None, member.id)
    assert not await _sees(api, member, account.id)
    assert await _sees(api, member, other.id)
    event = await last_event(api, owner, account.id)
    assert (event["type"], event["actor"], event["before"]["role"]) == (
        "MEMBER_LEFT",
        {"id": member.person.id},
        "ANALYST",
    )


async def test_who_only_reaches_an_account_from_above_cannot_leave_it(api: Api, world: World) -> None:
    parent = await world.account()
    account = await world.account(parent)
    admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    assert await code_of(api, "memberLeave", admin, accountId=account.id) == "NOT_FOUND"
    assert await _sees(api, admin, account.id)


async def test_an_inherited_member_is_changed_where_it_is_held(api: Api, world: World) -> None:
    parent = await world.account()
    account = await world.account(parent)
    owner = await world.member(parent, BuiltinRole.OWNER)
    admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    query = (
        "query ($id: ID!) { account(id: $id) { members(includeInherited: true) "
        "{ nodes { id user { id } relation inheritedFrom { id } } } } }"
    )
    members = (await api.read(query, owner, id=account.id))["account"]["members"]["nodes"]
    (seen,) = [member for member in members if member["user"]["id"] == admin.person.id]
    assert (seen["relation"], seen["inheritedFrom"]) == ("ANCESTOR", {"id": parent.id})
    before = await world.state(parent)
    update = {"memberId": seen["id"], "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    assert await code_of(api, "memberUpdate", owner, **update) == "INHERITED_MEMBER"
    assert await code_of(api, "memberRemove", owner, memberId=seen["id"]) == "INHERITED_MEMBER"
    assert await world.state(parent) == before


async def test_the_last_owner_stays(api: Api, world: World) -> None:
    """T4: neither removed nor demoted nor gone, by itself or by others."""
    parent = await world.account()
    account = await world.account(parent)
    above = await world.member(parent, BuiltinRole.OWNER)
    owner = await world.member(account, BuiltinRole.OWNER)
    demotion = {"memberId": owner.id, "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    before = await world.state(parent)
    for caller in (owner, above):
        assert await code_of(api, "memberUpdate", caller, **demotion) == "LAST_OWNER"
        assert await code_of(api, "memberRemove", caller, memberId=owner.id) == "LAST_OWNER"
    assert await code_of(api, "memberLeave", owner, accountId=account.id) == "LAST_OWNER"
    assert await world.state(parent) == before
    second = await world.member(account, BuiltinRole.OWNER)
    assert await code_of(api, "memberLeave", owner, accountId=account.id) == ""
    assert await code_of(api, "memberLeave", second, accountId=account.id) == "LAST_OWNER"
