"""An account that requires a second factor is closed to sessions that have proved none."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.staff.tables import StaffRole
from tests.areas.effects.log import last_event
from tests.areas.second_factor.requiring import prove_factor, require_factor
from tests.areas.second_factor.steps import factor_of, sign_in_by_code, with_app
from tests.areas.staff.staff_at_work import wanted
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.shares import give_share
from tests.world.staff import staff_member
from tests.world.world import PASSWORD, Account, Member, World

_ACCOUNT = "query ($id: ID!) { account(id: $id) { id requiresSecondFactor ownRequiresSecondFactor } }"
_LISTED = "{ viewer { accounts { totalCount nodes { id } } } }"


async def _sees(api: Api, caller: Caller, account: Account) -> bool:
    query = "query ($id: ID!) { account(id: $id) { id } node(id: $id) { id } }"
    found = (await api.ask(query, caller, id=account.id)).data
    listed = (await api.read(_LISTED, caller))["viewer"]["accounts"]
    assert listed["totalCount"] == len(listed["nodes"])
    seen = {found["account"] is not None, found["node"] is not None}
    seen.add(account.id in {node["id"] for node in listed["nodes"]})
    (answer,) = seen
    return answer


async def _owner(world: World) -> Member:
    return await world.member(await world.account(), BuiltinRole.OWNER)


async def _rename(api: Api, caller: Caller, account: Account) -> str:
    values = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    return await code_of(api, "accountUpdate", caller, **values)


async def test_who_has_proved_none_sees_what_is_missing_and_does_nothing(stranger: Api, world: World) -> None:
    master = await world.account()
    team, other = await world.account(master), await world.account(master)
    store = await world.account(team)
    member = await world.member(team, BuiltinRole.ADMINISTRATOR)
    await world.member(other, BuiltinRole.ADMINISTRATOR, member.person)
    above = await world.member(master, BuiltinRole.OWNER)
    await require_factor(world, team)
    before = await world.state(master)
    assert [await _sees(stranger, member, each) for each in (team, store, other)] == [False, False, True]
    assert await _sees(stranger, above, master)
    assert not await _sees(stranger, above, store)
    for caller, account in ((member, team), (member, store), (above, store)):
        assert await _rename(stranger, caller, account) == "SECOND_FACTOR_REQUIRED"
    assert await world.state(master) == before
    missing = (await factor_of(stranger, member))["missingIn"]["nodes"]
    assert missing == [{"accountId": team.id, "name": team.name}]
    missing = (await factor_of(stranger, above))["missingIn"]["nodes"]
    assert missing == [{"accountId": team.id, "name": team.name}]
    await prove_factor(world, member.token)
    assert [await _sees(stranger, member, each) for each in (team, store, other)] == [True, True, True]
    assert await _rename(stranger, member, team) == ""
    assert (await factor_of(stranger, member))["missingIn"]["nodes"] == []


async def test_it_tells_strangers_nothing(stranger: Api, world: World) -> None:
    owner, other = await _owner(world), await _owner(world)
    await require_factor(world, owner.account)
    await require_factor(world, other.account)
    assert await _rename(stranger, other, owner.account) == "NOT_FOUND"
    names = [each["name"] for each in (await factor_of(stranger, other))["missingIn"]["nodes"]]
    assert names == [other.account.name]


async def test_keys_and_guests(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    key = await world.api_key(owner.account)
    guest = await world.person()
    await give_share(world, [owner.account], guest, owner.person)
    await require_factor(world, owner.account)
    assert await _sees(stranger, key, owner.account)
    assert not await _sees(stranger, guest, owner.account)
    await prove_factor(world, guest.token)
    assert await _sees(stranger, guest, owner.account)


@pytest.mark.parametrize("role", StaffRole)
async def test_staff_too(stranger: Api, world: World, role: StaffRole) -> None:
    owner = await _owner(world)
    staff = await staff_member(world, role)
    query = "query ($id: ID!) { staff { account(id: $id) { id } } }"
    await require_factor(world, owner.account)
    asked = wanted(owner.account, "SENDING_DOMAINS", sendingDomains=2)
    before = await world.state(owner.account)
    assert (await stranger.ask(query, staff, id=owner.account.id)).data["staff"]["account"] is None
    assert await code_of(stranger, "overrideCreate", staff, **asked) == "NOT_FOUND"
    assert await world.state(owner.account) == before
    await prove_factor(world, staff.token)
    assert (await stranger.ask(query, staff, id=owner.account.id)).data["staff"]["account"] is not None
    assert await code_of(stranger, "overrideCreate", staff, **asked) == ""


async def test_setting_it_takes_a_factor_of_ones_own(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    team = await world.account(owner.account)
    values = {"accountId": owner.account.id, "expectedVersion": 1, "required": True}
    refused = await code_of(stranger, "secondFactorRequire", owner, **values)
    assert refused == "SECOND_FACTOR_REQUIRED"
    assert await _sees(stranger, owner, owner.account)
    _, app, _ = await with_app(stranger, world, owner.person)
    await done(stranger, "secondFactorRequire", owner, **values)
    assert (await last_event(stranger, owner, owner.account.id))["after"] == {"required": True}
    found = (await stranger.read(_ACCOUNT, owner, id=team.id))["account"]
    assert (found["requiresSecondFactor"], found["ownRequiresSecondFactor"]) == (True, False)
    assert await code_of(stranger, "totpDisable", owner, password=PASSWORD) == "SECOND_FACTOR_REQUIRED"
    assert (await factor_of(stranger, owner))["totp"]
    token = await sign_in_by_code(stranger, owner.person, app.code())
    assert await _sees(stranger, token, owner.account)
    await done(stranger, "secondFactorRequire", token, **values | {"expectedVersion": 2, "required": False})
    assert await code_of(stranger, "totpDisable", token, password=PASSWORD) == ""
    assert await _sees(stranger, token, owner.account)


async def test_a_member_above_keeps_the_last_factor_too(stranger: Api, world: World) -> None:
    """The account below requires it, and the member reaches it."""
    owner = await _owner(world)
    await require_factor(world, await world.account(owner.account))
    await with_app(stranger, world, owner.person)
    assert await code_of(stranger, "totpDisable", owner, password=PASSWORD) == "SECOND_FACTOR_REQUIRED"


async def test_of_two_changes_at_once_one_is_refused(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    await prove_factor(world, owner.token)
    values = {"accountId": owner.account.id, "expectedVersion": 1, "required": True}
    found = await at_once(*[attempt(stranger, "secondFactorRequire", owner, **values) for _ in range(2)])
    assert sorted(each.code for each in found) == ["", "CONFLICT"]
