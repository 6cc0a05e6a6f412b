"""Broken glass: for some hours, told to the owners, and written into the account's log (R54, N3)."""

import datetime

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.parent_access.openings import break_glass_openings
from tests.areas.effects.log import events_of, mail_to
from tests.areas.parent_access.linked import Agency, agency_of, open_glass, rights_in, wish
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.world import World

_OPENINGS = """query ($id: ID!) { account(id: $id) { breakGlassOpenings { nodes {
  id user { id } userName reason createdAt expiresAt endedAt account { id } } } } }"""
_LAST = """query ($id: ID!) { account(id: $id) { events(first: 1) { nodes {
  type actor { id } fromAbove byBreakGlass reason } } } }"""
_LEAST = {"ACCOUNT_READ", "ACCOUNT_SUSPEND"}


@pytest.fixture
async def agency(world: World) -> Agency:
    """The agency is let into its hotel by broken glass only."""
    return await agency_of(world, ParentAccess.BREAK_GLASS)


async def test_it_lets_in_for_some_hours_and_the_owners_are_told(
    api: Api, database: AsyncEngine, agency: Agency
) -> None:
    at_home = await rights_in(api, agency.above, agency.master)
    assert await rights_in(api, agency.above, agency.hotel) == _LEAST
    opening = await open_glass(api, agency.above, agency.hotel, "The site is down")
    for account in (agency.hotel, agency.spa):
        assert at_home <= await rights_in(api, agency.above, account)
    mail = await mail_to(database, agency.owner.person.email)
    for part in (agency.above.person.name, "Hotel", "The site is down"):
        assert part in mail.body
    found = await api.read(_OPENINGS, agency.owner, id=agency.hotel.id)
    (listed,) = found["account"]["breakGlassOpenings"]["nodes"]
    made, ends = (datetime.datetime.fromisoformat(listed.pop(name)) for name in ("createdAt", "expiresAt"))
    assert ends - made == datetime.timedelta(hours=2)
    assert listed == {
        "id": opening,
        "user": {"id": agency.above.person.id},
        "userName": agency.above.person.name,
        "reason": "The site is down",
        "endedAt": None,
        "account": {"id": agency.hotel.id},
    }
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert await api.read(node, agency.above, id=opening) == {"node": {"id": opening}}


async def test_what_is_done_by_it_is_in_the_log_with_its_reason(api: Api, agency: Agency) -> None:
    await open_glass(api, agency.above, agency.hotel, "The site is down")
    for account in (agency.hotel, agency.spa):
        change = {"accountId": account.id, "expectedVersion": 1, "name": "Helped"}
        await done(api, "accountUpdate", agency.above, **change)
        told = await api.read(_LAST, agency.owner, id=account.id)
        assert told["account"]["events"]["nodes"] == [
            {
                "type": "ACCOUNT_UPDATED",
                "actor": {"id": agency.above.person.id},
                "fromAbove": True,
                "byBreakGlass": True,
                "reason": "The site is down",
            }
        ]
    await done(api, "accountSuspend", agency.above, accountId=agency.hotel.id)  # needs no broken glass
    told = await api.read(_LAST, agency.owner, id=agency.hotel.id)
    (last,) = told["account"]["events"]["nodes"]
    assert (last["reason"], last["byBreakGlass"]) == (None, False)


async def test_by_it_not_even_a_role_is_given_or_taken_that_the_opener_has(
    api: Api, world: World, agency: Agency
) -> None:
    """The opener is an analyst of the hotel for good, who may not give anything by that."""
    await world.member(agency.hotel, BuiltinRole.ANALYST, agency.above.person)
    other = await world.member(agency.hotel, BuiltinRole.ANALYST)
    await open_glass(api, agency.above, agency.hotel)
    assert "MEMBERS_WRITE" in await rights_in(api, agency.above, agency.hotel)
    analyst = ROLE_IDS[BuiltinRole.ANALYST]
    invited = {"accountId": agency.hotel.id, "email": "new@example.com", "roleId": analyst}
    invited["idempotencyKey"] = "glass"
    assert await code_of(api, "memberInvite", agency.above, **invited) == "RIGHT_ENDS"
    assert await code_of(api, "memberRemove", agency.above, memberId=other.id) == "RIGHT_ENDS"
    still = "query ($id: ID!) { account(id: $id) { members { totalCount } invitations { totalCount } } }"
    found = await api.read(still, agency.owner, id=agency.hotel.id)
    assert found["account"] == {"members": {"totalCount": 4}, "invitations": {"totalCount": 0}}
    await done(api, "memberRemove", agency.owner, memberId=other.id)


async def test_it_ends_by_the_databases_clock(api: Api, database: AsyncEngine, agency: Agency) -> None:
    await open_glass(api, agency.above, agency.hotel)
    of_hotel = break_glass_openings.c.account_id == agency.hotel.key
    async with database.begin() as connection:
        await connection.execute(update(break_glass_openings).where(of_hotel).values(expires_at=func.now()))
    assert await rights_in(api, agency.above, agency.hotel) == _LEAST
    change = {"accountId": agency.hotel.id, "expectedVersion": 1, "name": "Late"}
    assert await code_of(api, "accountUpdate", agency.above, **change) == "FORBIDDEN"


async def test_it_ends_with_the_membership_it_comes_from(api: Api, world: World, agency: Agency) -> None:
    other = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    await open_glass(api, agency.above, agency.hotel)
    assert "MEMBERS_READ" in await rights_in(api, agency.above, agency.hotel)
    await done(api, "memberRemove", other, memberId=agency.above.id)
    answer = await api.ask("query ($id: ID!) { account(id: $id) { id } }", agency.above, id=agency.hotel.id)
    assert answer.codes == ["NOT_FOUND"]


async def test_it_ends_for_good_with_a_change_of_the_mode(api: Api, agency: Agency) -> None:
    opening = await open_glass(api, agency.above, agency.hotel)
    assert await wish(api, agency.above, agency.hotel, ParentAccess.NONE) == ""
    assert await wish(api, agency.owner, agency.hotel, ParentAccess.BREAK_GLASS) == ""
    assert await rights_in(api, agency.above, agency.hotel) == _LEAST
    ended = await events_of(api, agency.owner, agency.hotel.id, "BREAK_GLASS_ENDED")
    assert [event["subjectId"] for event in ended] == [opening]


@pytest.mark.parametrize("by", ["opener", "account"])
async def test_it_is_ended(api: Api, world: World, agency: Agency, by: str) -> None:
    """By who opened it, and by whoever speaks for the account; also while that is suspended."""
    opening = await open_glass(api, agency.above, agency.hotel)
    other = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    assert await code_of(api, "breakGlassEnd", other, breakGlassId=opening) == "FORBIDDEN"
    assert "MEMBERS_READ" in await rights_in(api, agency.above, agency.hotel)
    await done(api, "accountSuspend", other, accountId=agency.hotel.id)
    caller = agency.above if by == "opener" else agency.administrator
    await done(api, "breakGlassEnd", caller, breakGlassId=opening)
    assert "MEMBERS_READ" not in await rights_in(api, agency.above, agency.hotel)
    await done(api, "breakGlassEnd", caller, breakGlassId=opening)
    assert len(await events_of(api, agency.owner, agency.hotel.id, "BREAK_GLASS_ENDED")) == 1


async def test_a_newer_opening_takes_the_place_of_an_older_one(api: Api, agency: Agency) -> None:
    first = await open_glass(api, agency.above, agency.hotel)
    second = await open_glass(api, agency.above, agency.hotel)
    ended = await events_of(api, agency.owner, agency.hotel.id, "BREAK_GLASS_ENDED")
    assert [event["subjectId"] for event in ended] == [first]
    await done(api, "breakGlassEnd", agency.above, breakGlassId=second)
    assert await rights_in(api, agency.above, agency.hotel) == _LEAST


async def test_nothing_of_it_is_kept(api: Api, world: World, agency: Agency) -> None:
    """N19: whoever is let in for some hours neither gives, makes nor takes what outlives them."""
    developer = await world.member(agency.hotel, BuiltinRole.DEVELOPER)
    key = await world.api_key(agency.hotel)
    await open_glass(api, agency.above, agency.hotel)
    before = await world.state(agency.master)
    hotel, role = {"accountId": agency.hotel.id}, {"roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    invitation = hotel | role | {"email": "stay@example.com", "idempotencyKey": "stay"}
    share = {"accountIds": [agency.hotel.id], "email": "stay@example.com", "areas": ["STATISTICS"]}
    transfer = {"toMemberId": developer.id, "fromMemberId": agency.owner.id}
    refused: dict[str, dict[str, object]] = {
        "memberInvite": {**invitation},
        "memberRemove": {"memberId": developer.id},
        "apiKeyCreate": {**hotel, **role, "name": "Stay"},
        "apiKeyRotate": {"apiKeyId": key.id},
        "apiKeyRevoke": {"apiKeyId": key.id},
        "roleCreate": {**hotel, "name": "Stay", "permissions": ["CREDIT_READ"]},
        "shareCreate": {**share, "idempotencyKey": "stay"},
        "accountUpdate": {**hotel, "expectedVersion": 1, "rightsInheritance": "ALL_ROLES"},
        "ownershipTransfer": {**hotel, **transfer},
    }
    for mutation, values in refused.items():
        assert await code_of(api, mutation, agency.above, **values) == "RIGHT_ENDS", mutation
    assert await world.state(agency.master) == before


async def test_who_cannot_break_it(api: Api, world: World, agency: Agency) -> None:
    finance = await world.member(agency.master, BuiltinRole.FINANCE)
    key = await world.api_key(agency.master)
    await set_parent_access(world, agency.spa, ParentAccess.NONE)
    before = await world.state(agency.master)
    values = {"accountId": agency.hotel.id, "reason": "Fire", "hours": 1}
    assert await code_of(api, "breakGlassOpen", agency.owner, **values) == "FAILED_PRECONDITION"
    assert await code_of(api, "breakGlassOpen", finance, **values) == "NOT_FOUND"
    assert await code_of(api, "breakGlassOpen", key, **values) == "PERSON_REQUIRED"
    spa = values | {"accountId": agency.spa.id}
    assert await code_of(api, "breakGlassOpen", agency.owner, **spa) == "FAILED_PRECONDITION"
    for wrong in ({"hours": 0}, {"hours": 25}, {"hours": -1}, {"reason": ""}, {"reason": "x" * 201}):
        refused = await attempt(api, "breakGlassOpen", agency.above, **(values | wrong))
        assert refused.code == "BAD_USER_INPUT", wrong
    assert await world.state(agency.master) == before
    await done(api, "breakGlassOpen", agency.above, **(values | {"hours": 24}))
