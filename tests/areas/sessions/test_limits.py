"""Sessions end by the strictest limits of the trees that a person is in."""

import datetime

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mail_to
from tests.areas.sessions.stored import give_limits, stored_session, used_before
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.concurrency.outcomes import at_once
from tests.world.shares import give_share
from tests.world.world import PASSWORD, Account, Member, World

_LIMITS = "query ($id: ID!) { account(id: $id) { sessionIdleMinutes sessionMaximumMinutes } }"


async def _answers(api: Api, caller: Caller) -> bool:
    return (await api.ask("{ viewer { id } }", caller)).errors == []


async def _owner(world: World) -> Member:
    return await world.member(await world.account(), BuiltinRole.OWNER)


async def _minutes_left(world: World, caller: Caller) -> int:
    ends: datetime.datetime = (await stored_session(world, caller.token)).expires_at
    return round((ends - datetime.datetime.now(datetime.UTC)).total_seconds() / 60)


async def _set(api: Api, owner: Member, **limits: int | None) -> None:
    await done(api, "sessionLimitsUpdate", owner, accountId=owner.account.id, **limits)


async def test_limits_hold_at_once_for_open_sessions(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    team = await world.account(owner.account)
    idle, busy = [await world.member(team, BuiltinRole.ANALYST) for _ in range(2)]
    await used_before(world, idle.token, minutes=20)
    await used_before(world, busy.token, minutes=5, began=300)
    await _set(stranger, owner, idleMinutes=10)
    assert [await _answers(stranger, each) for each in (idle, busy, owner)] == [False, True, True]
    await used_before(world, busy.token, minutes=5, began=300)
    await _set(stranger, owner, maximumMinutes=240)
    assert [await _answers(stranger, each) for each in (busy, owner)] == [False, True]
    found = (await stranger.read(_LIMITS, owner, id=team.id))["account"]
    assert found == {"sessionIdleMinutes": 10, "sessionMaximumMinutes": 240}
    event = (await events_of(stranger, owner, owner.account.id, "SESSION_LIMITS_UPDATED"))[-1]
    assert event["after"] == {"idleMinutes": 10, "maximumMinutes": None}


async def test_the_strictest_of_several_trees_holds(stranger: Api, world: World) -> None:
    strict, loose = await _owner(world), await _owner(world)
    both = await world.member(strict.account, BuiltinRole.ANALYST)
    await world.member(loose.account, BuiltinRole.ANALYST, both.person)
    await _set(stranger, loose, idleMinutes=600)
    await _set(stranger, strict, idleMinutes=60, maximumMinutes=120)
    made = await done(stranger, "signIn", None, "token", email=both.person.email, password=PASSWORD)
    assert await _minutes_left(world, both) == 60
    await used_before(world, made["token"], minutes=1, began=100)
    await _set(stranger, strict, idleMinutes=90)
    ends = (await stored_session(world, made["token"])).expires_at
    assert round((ends - datetime.datetime.now(datetime.UTC)).total_seconds() / 60) == 20
    await _set(stranger, strict, idleMinutes=None, maximumMinutes=None)
    assert await _minutes_left(world, both) == 600


async def test_who_joins_a_strict_tree_is_limited_at_once(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    await give_limits(world, owner.account, maximum_minutes=60)
    person = await world.person()
    await used_before(world, person.token, minutes=1, began=90)
    offer = {"accountId": owner.account.id, "email": person.email, "idempotencyKey": "1"}
    await done(stranger, "memberInvite", owner, **offer, roleId=ROLE_IDS[BuiltinRole.ANALYST])
    token = (await mail_to(world.database, person.email)).token
    assert await code_of(stranger, "invitationAccept", person, token=token) == ""
    assert not await _answers(stranger, person)


async def test_guests_are_limited_too(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    guest, person = await world.person(), await world.person()
    await give_share(world, [owner.account], guest, owner.person)
    for each in (guest, person):
        await used_before(world, each.token, minutes=30)
    await _set(stranger, owner, idleMinutes=10)
    assert [await _answers(stranger, each) for each in (guest, person)] == [False, True]


@pytest.mark.parametrize("minutes", [0, 4, 43_201, -5])
async def test_limits_out_of_bounds_change_nothing(stranger: Api, world: World, minutes: int) -> None:
    owner = await _owner(world)
    await _set(stranger, owner, idleMinutes=50)
    before = await stored_session(world, owner.token)
    for field in ("idleMinutes", "maximumMinutes"):
        values = {"accountId": owner.account.id, field: minutes}
        assert await code_of(stranger, "sessionLimitsUpdate", owner, **values) == "BAD_USER_INPUT"
    assert await stored_session(world, owner.token) == before
    found = (await stranger.read(_LIMITS, owner, id=owner.account.id))["account"]
    assert found == {"sessionIdleMinutes": 50, "sessionMaximumMinutes": None}


async def test_only_a_master_account_has_limits(stranger: Api, world: World) -> None:
    owner = await _owner(world)
    team = await world.account(owner.account)
    code = await code_of(stranger, "sessionLimitsUpdate", owner, accountId=team.id, idleMinutes=10)
    assert code == "FAILED_PRECONDITION"
    assert await _minutes_left(world, owner) > 1_000


async def test_a_suspended_tree_may_be_stricter_and_not_looser(stranger: Api, world: World) -> None:
    from models.accounts.tables import AccountStatus

    owner = await _owner(world)
    await give_limits(world, owner.account, idle_minutes=50)
    await world.set_status(owner.account, AccountStatus.SUSPENDED)
    values = {"accountId": owner.account.id}
    assert await code_of(stranger, "sessionLimitsUpdate", owner, **values, idleMinutes=40) == ""
    code = await code_of(stranger, "sessionLimitsUpdate", owner, **values, idleMinutes=45)
    assert code == "ACCOUNT_SUSPENDED"


async def test_of_two_changes_at_once_one_is_refused(stranger: Api, world: World) -> None:
    for _ in range(4):
        owner = await _owner(world)
        values = {"accountId": owner.account.id, "expectedVersion": 1}
        found = await at_once(
            *[
                attempt(stranger, "sessionLimitsUpdate", owner, **values, idleMinutes=minutes)
                for minutes in (10, 20)
            ]
        )
        assert sorted(each.code for each in found) == ["", "CONFLICT"]
        assert await _minutes_left(world, owner) in {10, 20}


async def test_a_session_that_is_used_while_limits_change_has_the_new_ones(
    stranger: Api, world: World
) -> None:
    from sqlalchemy import text

    from authz.callers.tokens import digest_of

    note = text("SELECT mandant_note_session_uses(ARRAY[CAST(:digest AS bytea)])")

    async def used(account: Account, token: str) -> None:
        async with world.database.begin() as connection:
            await connection.execute(note, {"digest": digest_of(token)})

    for _ in range(6):
        owner = await _owner(world)
        await used_before(world, owner.token, minutes=2)
        await at_once(_set(stranger, owner, idleMinutes=10), used(owner.account, owner.token))
        assert await _minutes_left(world, owner) in {8, 10}
