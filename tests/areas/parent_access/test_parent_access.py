"""How the two sides of a link agree on what passes it (R54, R60, N3)."""

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess
from models.members.tables import memberships
from models.parent_access.requests import parent_access_requests
from tests.areas.effects.log import last_event
from tests.areas.parent_access.linked import agency_of, answer, link_of, rights_in, take_back, wish
from tests.client.api import Api
from tests.client.links import passed_masks, stored_masks
from tests.client.mutations import attempt, done
from tests.world.shares import Given, give_share
from tests.world.world import World

FULL, READ_ONLY, BREAK_GLASS, NONE = ParentAccess

BY_THE_PARENT = [(FULL, READ_ONLY), (FULL, BREAK_GLASS), (FULL, NONE), (READ_ONLY, NONE), (BREAK_GLASS, NONE)]
BY_THE_ACCOUNT = [(old, new) for new, old in BY_THE_PARENT]
BY_BOTH = [(READ_ONLY, BREAK_GLASS), (BREAK_GLASS, READ_ONLY)]


@pytest.mark.parametrize(("old", "new"), BY_THE_PARENT)
async def test_what_the_parent_loses_it_gives_up_at_once(
    api: Api, world: World, old: ParentAccess, new: ParentAccess
) -> None:
    agency = await agency_of(world, old)
    assert await wish(api, agency.above, agency.hotel, new) == ""
    link = await link_of(api, agency.owner, agency.hotel)
    assert (link["parentAccess"], link["parentAccessRequest"], link["version"]) == (new.value, None, 2)
    assert await stored_masks(world, agency.hotel) == await passed_masks(world, agency.hotel)


@pytest.mark.parametrize(("old", "new"), BY_THE_ACCOUNT)
async def test_what_the_account_loses_its_owner_gives_up_at_once(
    api: Api, world: World, old: ParentAccess, new: ParentAccess
) -> None:
    agency = await agency_of(world, old)
    assert await wish(api, agency.owner, agency.hotel, new) == ""
    link = await link_of(api, agency.above, agency.hotel)
    assert (link["parentAccess"], link["parentAccessRequest"]) == (new.value, None)
    assert await stored_masks(world, agency.hotel) == await passed_masks(world, agency.hotel)


@pytest.mark.parametrize(
    ("old", "new", "from_above"),
    [
        *[(old, new, False) for old, new in BY_THE_PARENT + BY_BOTH],
        *[(old, new, True) for old, new in BY_THE_ACCOUNT + BY_BOTH],
    ],
)
async def test_the_other_side_is_asked_and_answers(
    api: Api, world: World, old: ParentAccess, new: ParentAccess, *, from_above: bool
) -> None:
    """Where who asks does not speak for all who lose; nothing changes before the answer."""
    agency = await agency_of(world, old)
    asker, asked = (agency.above, agency.owner) if from_above else (agency.owner, agency.above)
    before = await stored_masks(world, agency.hotel)
    assert await wish(api, asker, agency.hotel, new, reason="Please") == ""
    assert await stored_masks(world, agency.hotel) == before
    for caller in (asker, asked):
        link = await link_of(api, caller, agency.hotel)
        request = link["parentAccessRequest"]
        assert (link["parentAccess"], link["version"]) == (old.value, 2)
        told = (request["parentAccess"], request["reason"], request["fromAbove"])
        assert told == (new.value, "Please", from_above)
    assert await answer(api, asker, agency.hotel, new) == "FAILED_PRECONDITION"
    assert await answer(api, asked, agency.hotel, old) == "CONFLICT"
    assert await answer(api, asked, agency.hotel, new) == ""
    link = await link_of(api, asker, agency.hotel)
    assert (link["parentAccess"], link["parentAccessRequest"]) == (new.value, None)
    assert await stored_masks(world, agency.hotel) == await passed_masks(world, agency.hotel)
    event = await last_event(api, agency.owner, agency.hotel.id)
    assert (event["type"], event["actor"]["id"]) == ("PARENT_ACCESS_UPDATED", asked.person.id)
    assert await answer(api, asked, agency.hotel, new) == "FAILED_PRECONDITION"


async def test_a_request_is_declined_taken_back_and_replaced(api: Api, world: World) -> None:
    agency = await agency_of(world)
    hotel = agency.hotel
    assert await wish(api, agency.owner, hotel, NONE) == ""
    assert await wish(api, agency.administrator, hotel, READ_ONLY) == ""
    request = (await link_of(api, agency.above, hotel))["parentAccessRequest"]
    assert request["parentAccess"] == "READ_ONLY"
    assert await answer(api, agency.above, hotel, READ_ONLY, accept=False) == ""
    assert (await last_event(api, agency.owner, hotel.id))["type"] == "PARENT_ACCESS_DECLINED"
    assert await answer(api, agency.above, hotel, READ_ONLY) == "FAILED_PRECONDITION"
    before = await world.state(agency.master)
    assert await wish(api, agency.owner, hotel, FULL) == "", "it holds already"
    assert await world.state(agency.master) == before
    assert await take_back(api, agency.owner, hotel, NONE) == "FAILED_PRECONDITION", "nothing waits"
    assert await wish(api, agency.owner, hotel, NONE) == ""
    before = await world.state(agency.master)
    for caller in (agency.owner, agency.above):
        assert await wish(api, caller, hotel, FULL) == "FAILED_PRECONDITION"
    assert await take_back(api, agency.above, hotel, NONE) == "FAILED_PRECONDITION"
    assert await take_back(api, agency.owner, hotel, READ_ONLY) == "CONFLICT"
    assert await world.state(agency.master) == before
    # It only takes away, whatever the status, and by anybody of the side that asked.
    await world.set_status(agency.master, AccountStatus.SUSPENDED)
    assert await take_back(api, agency.administrator, hotel, NONE) == ""
    await world.set_status(agency.master, AccountStatus.ACTIVE)
    event = await last_event(api, agency.owner, hotel.id)
    assert (event["type"], event["after"]) == ("PARENT_ACCESS_WITHDRAWN", {"parent_access": "NONE"})
    link = await link_of(api, agency.owner, hotel)
    assert (link["parentAccess"], link["parentAccessRequest"], link["version"]) == ("FULL", None, 6)
    assert await answer(api, agency.above, hotel, NONE) == "FAILED_PRECONDITION"


async def test_a_change_overtakes_what_waits(api: Api, world: World) -> None:
    agency = await agency_of(world)
    assert await wish(api, agency.owner, agency.hotel, NONE) == ""
    assert await wish(api, agency.above, agency.hotel, READ_ONLY) == ""
    assert (await link_of(api, agency.owner, agency.hotel))["parentAccessRequest"] is None
    assert await answer(api, agency.above, agency.hotel, NONE) == "FAILED_PRECONDITION"


async def test_a_request_ends_by_the_databases_clock(api: Api, world: World, database: AsyncEngine) -> None:
    agency = await agency_of(world)
    assert await wish(api, agency.owner, agency.hotel, NONE) == ""
    of_hotel = parent_access_requests.c.account_id == agency.hotel.key
    async with database.begin() as connection:
        await connection.execute(update(parent_access_requests).where(of_hotel).values(expires_at=func.now()))
    assert (await link_of(api, agency.above, agency.hotel))["parentAccessRequest"] is None
    before = await world.state(agency.master)
    assert await answer(api, agency.above, agency.hotel, NONE) == "FAILED_PRECONDITION"
    assert await world.state(agency.master) == before


async def test_whoever_asked_must_have_kept_the_right(api: Api, world: World) -> None:
    """T14, on either side; what nobody can accept any more is not shown."""
    agency = await agency_of(world)
    assert await wish(api, agency.administrator, agency.hotel, NONE) == ""
    await done(api, "memberRemove", agency.owner, memberId=agency.administrator.id)
    before = await world.state(agency.master)
    assert await answer(api, agency.above, agency.hotel, NONE) == "FAILED_PRECONDITION"
    assert await world.state(agency.master) == before
    assert (await link_of(api, agency.above, agency.hotel))["parentAccessRequest"] is None
    other = await agency_of(world, NONE)
    assert await wish(api, other.above, other.hotel, FULL) == ""
    await done(api, "memberLeave", other.above, accountId=other.master.id)
    assert await answer(api, other.owner, other.hotel, FULL) == "FAILED_PRECONDITION"
    link = await link_of(api, other.owner, other.hotel)
    assert (link["parentAccess"], link["parentAccessRequest"]) == ("NONE", None)


async def test_what_the_account_asks_for_is_asked_by_who_holds_it(api: Api, world: World) -> None:
    """Also when it is answered: what those above would gain is not the asker's to give any more. In a closed
    account nothing is gained, but the parent still gives up."""
    agency = await agency_of(world, READ_ONLY)
    assert await wish(api, agency.owner, agency.hotel, BREAK_GLASS) == ""
    administrator = memberships.c.id == agency.owner.key
    for role, shown in ((BuiltinRole.ADMINISTRATOR, False), (BuiltinRole.OWNER, True)):
        async with world.database.begin() as connection:
            await connection.execute(update(memberships).where(administrator).values(role_id=role.id))
        link = await link_of(api, agency.above, agency.hotel)
        assert (link["parentAccessRequest"] is not None) == shown
    await world.set_status(agency.hotel, AccountStatus.CLOSED)
    assert (await link_of(api, agency.above, agency.hotel))["parentAccessRequest"] is None
    await world.set_status(agency.hotel, AccountStatus.ACTIVE)
    assert await wish(api, agency.owner, agency.hotel, NONE) == ""
    await world.set_status(agency.hotel, AccountStatus.CLOSED)
    assert (await link_of(api, agency.above, agency.hotel))["parentAccessRequest"]["parentAccess"] == "NONE"
    assert await answer(api, agency.above, agency.hotel, NONE) == ""


async def test_nobody_gives_up_what_he_does_not_hold(api: Api, world: World) -> None:
    """N19: an administrator lacks what only owners hold, so he lets nobody do it either."""
    agency = await agency_of(world, NONE)
    values = {"accountId": agency.hotel.id, "expectedVersion": 1, "reason": "Because"}
    before = await world.state(agency.master)
    for mode in ("FULL", "BREAK_GLASS"):
        refused = await attempt(api, "parentAccessUpdate", agency.administrator, **values, parentAccess=mode)
        assert refused.user_error is not None
        assert (refused.code, refused.user_error["__typename"]) == ("ROLE_TOO_WIDE", "RoleTooWide")
        assert "ACCOUNT_CLOSE, ACCOUNT_TRANSFER here" in refused.user_error["message"]
    assert await world.state(agency.master) == before
    assert await wish(api, agency.above, agency.hotel, FULL) == ""
    assert await answer(api, agency.administrator, agency.hotel, FULL) == "ROLE_TOO_WIDE"
    assert await answer(api, agency.owner, agency.hotel, FULL) == ""
    lower = await agency_of(world, NONE)
    assert await wish(api, lower.administrator, lower.hotel, READ_ONLY) == ""
    assert (await link_of(api, lower.above, lower.hotel))["parentAccess"] == "READ_ONLY"


async def test_guests_speak_for_no_side(api: Api, world: World) -> None:
    agency = await agency_of(world)
    before = await link_of(api, agency.owner, agency.hotel)
    for shared in ([agency.hotel], [agency.master, agency.hotel]):
        guest = await world.person()
        await give_share(world, shared, guest, agency.owner.person, Given(BuiltinRole.ADMINISTRATOR))
        assert await wish(api, guest, agency.hotel, READ_ONLY) == "REACHED_BY_SHARE"
    assert await link_of(api, agency.owner, agency.hotel) == before


async def test_an_account_without_an_owner_keeps_its_parent(api: Api, world: World) -> None:
    """Nobody could ever let the parent in again."""
    agency = await agency_of(world)
    values = {"accountId": agency.spa.id, "expectedVersion": 1, "reason": "Because"}
    before = await world.state(agency.master)
    for mode in ("READ_ONLY", "BREAK_GLASS", "NONE"):
        refused = await attempt(api, "parentAccessUpdate", agency.owner, **values, parentAccess=mode)
        assert refused.code == "FAILED_PRECONDITION"
    assert await world.state(agency.master) == before
    await world.member(agency.spa, BuiltinRole.OWNER)
    assert await wish(api, agency.owner, agency.spa, NONE) == ""


async def test_a_master_account_has_nobody_above(api: Api, world: World) -> None:
    agency = await agency_of(world)
    before = await world.state(agency.master)
    assert await wish(api, agency.above, agency.master, NONE) == "FAILED_PRECONDITION"
    assert await world.state(agency.master) == before


async def test_a_version_that_was_overtaken_is_a_conflict(api: Api, world: World) -> None:
    agency = await agency_of(world)
    values = {"accountId": agency.hotel.id, "expectedVersion": 2, "parentAccess": "NONE", "reason": "Because"}
    before = await world.state(agency.master)
    refused = await attempt(api, "parentAccessUpdate", agency.above, **values)
    assert refused.code == "CONFLICT"
    assert await world.state(agency.master) == before


async def test_what_is_below_is_closed_with_it(api: Api, world: World) -> None:
    agency = await agency_of(world)
    assert "MEMBERS_WRITE" in await rights_in(api, agency.above, agency.spa)
    assert await wish(api, agency.above, agency.hotel, READ_ONLY) == ""
    for account in (agency.hotel, agency.spa):
        rights = await rights_in(api, agency.above, account)
        assert {"MEMBERS_READ", "ACCOUNT_SUSPEND"} <= rights
        assert {name for name in rights if not name.endswith("_READ")} == {"ACCOUNT_SUSPEND"}
    assert "MEMBERS_WRITE" in await rights_in(api, agency.owner, agency.spa)
    made = {"parentId": agency.spa.id, "name": "Pool", "idempotencyKey": "pool"}
    await done(api, "subaccountCreate", agency.owner, **made)
    assert await stored_masks(world, agency.hotel) == await passed_masks(world, agency.hotel)


async def test_the_log_tells_both_sides_who_and_why(api: Api, world: World) -> None:
    agency = await agency_of(world)
    query = """query ($id: ID!) { account(id: $id) { events(first: 1) { nodes {
      type actorName actingFrom { id } fromAbove reason before after } } } }"""
    assert await wish(api, agency.above, agency.hotel, READ_ONLY, reason="Data protection") == ""
    told = await api.read(query, agency.owner, id=agency.hotel.id)
    assert told["account"]["events"]["nodes"] == [
        {
            "type": "PARENT_ACCESS_UPDATED",
            "actorName": agency.above.person.name,
            "actingFrom": None,
            "fromAbove": True,
            "reason": "Data protection",
            "before": {"parent_access": "FULL"},
            "after": {"parent_access": "READ_ONLY"},
        }
    ]
    (event,) = (await api.read(query, agency.above, id=agency.hotel.id))["account"]["events"]["nodes"]
    assert event["actingFrom"] == {"id": agency.master.id}
