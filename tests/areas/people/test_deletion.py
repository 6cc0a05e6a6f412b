"""A person deletes itself: what ends, what stays, and who may not yet."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.members.tables import memberships
from models.people.devices import devices
from models.people.sessions import sessions
from models.people.users import ownerships, users
from models.staff.tables import StaffRole
from tests.areas.effects.log import events_of
from tests.areas.people.squatters import offered, works
from tests.client.api import Api
from tests.client.mutations import Token, attempt, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.world.shares import Given, give_share
from tests.world.staff import staff_member
from tests.world.world import PASSWORD, Member, Person, World


async def _row(database: AsyncEngine, person: Person) -> Any:
    async with database.connect() as connection:
        return (await connection.execute(select(users).where(users.c.id == person.key))).one()


async def _left(database: AsyncEngine, person: Person) -> list[int]:
    """How many rows of each kind are the person's."""
    found = []
    async with database.connect() as connection:
        for table in (memberships, ownerships, sessions, devices):
            counted = select(func.count()).select_from(table).where(table.c.user_id == person.key)
            found.append((await connection.execute(counted)).scalar_one())
    return found


async def _delete(api: Api, caller: Any, password: str = PASSWORD) -> str:
    return await code_of(api, "userDelete", caller, password=password)


async def test_a_person_goes_and_the_logs_keep_a_pseudonym(
    api: Api, stranger: Api, world: World, database: AsyncEngine
) -> None:
    one, two = await world.account(), await world.account()
    owner = await world.member(one, BuiltinRole.OWNER)
    giver = await world.member(two, BuiltinRole.OWNER)
    member = await world.member(one, BuiltinRole.ADMINISTRATOR, await world.person("Frieda Former"))
    person = member.person
    await world.member(await world.account(), BuiltinRole.ANALYST, person)
    share = await give_share(world, [two], person, giver.person, Given(BuiltinRole.ANALYST))
    await done(api, "accountUpdate", member, accountId=one.id, name="Renamed by Frieda")
    signed_in = await done(stranger, "signIn", None, "token", email=person.email, password=PASSWORD)
    made = await done(api, "userDelete", member, "removedUserId", password=PASSWORD)
    assert made["removedUserId"] == person.id
    assert await _left(database, person) == [0, 0, 0, 0]
    for token in (person.token, signed_in["token"]):
        assert not await works(api, Token(token))
    gone = {"email": person.email, "password": PASSWORD}
    assert await code_of(stranger, "signIn", None, **gone) == "SIGN_IN_REFUSED"
    row = await _row(database, person)
    assert row.name.startswith("Former person ")
    assert (row.email, row.email_verified_at) == (row.email_canonical, None)
    assert person.email not in str(row)
    left, renamed, *_ = await events_of(api, owner, one.id)
    assert (left["type"], left["actorName"], left["subjectId"]) == ("MEMBER_LEFT", row.name, member.id)
    assert (renamed["type"], renamed["actorName"]) == ("ACCOUNT_UPDATED", row.name)
    (shared, *_) = await events_of(api, giver, two.id)
    assert (shared["type"], shared["subjectId"]) == ("SHARE_LEFT", share.id)


async def test_the_address_is_free_again(api: Api, stranger: Api, world: World) -> None:
    person = await world.person()
    assert await _delete(api, person) == ""
    wanted = {"name": "New", "email": person.email, "password": PASSWORD, "accountName": "Anew"}
    made = await done(stranger, "signUp", None, "user { id name }", **wanted)
    assert made["user"]["name"] == "New"
    assert made["user"]["id"] != person.id


async def test_it_takes_the_persons_own_password(api: Api, world: World, database: AsyncEngine) -> None:
    member = await world.member(await world.account(), BuiltinRole.ANALYST)
    key = await world.api_key(member.account)
    before = await _row(database, member.person)
    assert await _delete(api, member, "a wrong password") == "SIGN_IN_REFUSED"
    assert await _delete(api, key) == "PERSON_REQUIRED"
    assert (await api.ask('mutation { userDelete(input: {password: "x"}) { removedUserId } }')).codes == [
        "UNAUTHENTICATED"
    ]
    assert await _row(database, member.person) == before
    assert await works(api, Token(member.token))


async def test_the_only_owner_hands_over_or_closes_first(
    api: Api, world: World, database: AsyncEngine
) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    elsewhere = await world.member(await world.account(), BuiltinRole.ANALYST, owner.person)
    before, state = await _row(database, owner.person), await world.state(elsewhere.account)
    refused = await attempt(api, "userDelete", owner, password=PASSWORD)
    assert refused.code == "LAST_OWNER"
    assert await _row(database, owner.person) == before
    assert await world.state(elsewhere.account) == state
    await done(api, "accountClose", owner, accountId=owner.account.id)
    assert await _delete(api, owner) == ""
    assert await _left(database, owner.person) == [0, 0, 0, 0]


async def test_one_of_two_owners_may_go(api: Api, world: World, database: AsyncEngine) -> None:
    account = await world.account()
    owners = [await world.member(account, BuiltinRole.OWNER) for _ in range(2)]
    assert await _delete(api, owners[0]) == ""
    assert await _delete(api, owners[1]) == "LAST_OWNER"
    assert await _left(database, owners[0].person) == [0, 0, 0, 0]


async def test_staff_are_removed_by_the_platform_first(api: Api, world: World, database: AsyncEngine) -> None:
    agent = await staff_member(world, StaffRole.AGENT)
    before = await _row(database, agent)
    assert await _delete(api, agent) == "FAILED_PRECONDITION"
    assert await _row(database, agent) == before


async def test_of_two_owners_who_go_at_once_one_stays(api: Api, world: World, database: AsyncEngine) -> None:
    account = await world.account()
    owners = [await world.member(account, BuiltinRole.OWNER) for _ in range(2)]
    codes = await asyncio.gather(*[_delete(api, owner) for owner in owners])
    assert sorted(codes) == ["", "LAST_OWNER"]
    left = owners[codes.index("LAST_OWNER")]
    assert await _left(database, left.person) == [1, 1, 1, 0]


@pytest.fixture
async def house(world: World) -> Member:
    return await world.member(await world.account(), BuiltinRole.OWNER)


@pytest.mark.parametrize("first", ["userDelete", "invitationAccept"])
async def test_nobody_joins_who_is_deleted(
    first: str, api: Api, world: World, database: AsyncEngine, house: Member
) -> None:
    """Whoever comes second sees what the first did, or is told to try again; nobody waits for ever."""
    person = await world.person()
    token = await offered(api, database, house, person.email)
    requests = {
        "userDelete": _delete(api, person),
        "invitationAccept": code_of(api, "invitationAccept", person, token=token),
    }
    gate = Gate("UPDATE users SET" if first == "userDelete" else "INSERT INTO memberships")
    leading = asyncio.create_task(gate.holding(requests.pop(first)))
    await gate.reached()
    (following,) = (asyncio.create_task(request) for request in requests.values())
    if first == "userDelete":
        assert await waits(following, database)
        gate.open()
        assert (await leading, await following) == ("", "UNAUTHENTICATED")
        assert await _left(database, person) == [0, 0, 0, 0]
    else:
        assert await following == "BUSY"
        gate.open()
        assert await leading == ""
        assert await _delete(api, person) == ""
