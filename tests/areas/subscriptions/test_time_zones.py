"""The time zone of a plan is corrected while no cycle of it counts anything (T20)."""

import datetime
from collections.abc import Awaitable, Callable

import pytest

from server.database.clock import Clock
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.plans import BUSINESS, GROWTH, STARTER, Plan, buy
from tests.world.sends import reserved, used
from tests.world.world import Account, World

_SHOWN = (
    "account { version subscription { plan { code } nextPlan { code } timeZone cycleStartsAt cycleEndsAt } }"
)
_START = datetime.datetime(2027, 5, 10, 12, tzinfo=datetime.UTC)


def _change(account: Account, plan: Plan, version: int, **more: str) -> dict[str, object]:
    return {"accountId": account.id, "planId": plan.id, "expectedVersion": version, **more}


async def _in_paris(api: Api, brand: Brand, clock: Clock) -> None:
    await clock.show(_START)
    values = _change(brand.master, BUSINESS, 1, timeZone="Europe/Paris")
    await done(api, "planChange", brand.owner, **values)


async def test_the_zone_of_the_present_plan_is_corrected(api: Api, brand: Brand, clock: Clock) -> None:
    """With the cycle, and with the moment from which a waiting plan holds."""
    await _in_paris(api, brand, clock)
    await done(api, "planChange", brand.owner, **_change(brand.master, STARTER, 2))
    refused = await attempt(
        api, "planChange", brand.owner, **_change(brand.master, BUSINESS, 3, timeZone="Asia/Tokyo")
    )
    assert refused.code == "FAILED_PRECONDITION"
    made = await done(
        api, "planChange", brand.owner, _SHOWN, **_change(brand.master, STARTER, 3, timeZone="Asia/Tokyo")
    )
    assert made["account"] == {
        "version": 4,
        "subscription": {
            "plan": {"code": "BUSINESS"},
            "nextPlan": {"code": "STARTER"},
            "timeZone": "Asia/Tokyo",
            "cycleStartsAt": "2027-05-09T15:00:00+00:00",
            "cycleEndsAt": "2027-06-09T15:00:00+00:00",
        },
    }
    event = await last_event(api, brand.owner, brand.master.id)
    assert (event["type"], event["before"], event["after"]) == (
        "PLAN_CHANGED",
        {"timeZone": "Europe/Paris"},
        {"timeZone": "Asia/Tokyo"},
    )
    await clock.show(datetime.datetime(2027, 6, 9, 15, tzinfo=datetime.UTC))
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    later = (await api.read(query, brand.owner, id=brand.master.id))["account"]["subscription"]
    assert later["plan"] == {"code": "STARTER"}


async def test_the_same_zone_changes_nothing(api: Api, brand: Brand, world: World, clock: Clock) -> None:
    """Also once something is booked."""
    await _in_paris(api, brand, clock)
    await reserved(api, brand.owner, brand.us, "ann")
    before = await world.state(brand.master)
    values = _change(brand.master, BUSINESS, 2, timeZone="Europe/Paris")
    await done(api, "planChange", brand.owner, **values)
    assert await world.state(brand.master) == before


async def test_another_plan_brings_another_zone(api: Api, brand: Brand, clock: Clock) -> None:
    """One event tells of both."""
    await clock.show(_START)
    await done(api, "planChange", brand.owner, **_change(brand.master, STARTER, 1, timeZone="Europe/Paris"))
    await done(api, "planChange", brand.owner, **_change(brand.master, GROWTH, 2, timeZone="Asia/Tokyo"))
    event = await last_event(api, brand.owner, brand.master.id)
    assert event["before"] == {"plan": "STARTER", "timeZone": "Europe/Paris"}
    assert event["after"] == {"plan": "GROWTH", "from": None, "timeZone": "Asia/Tokyo"}
    await reserved(api, brand.owner, brand.us, "ann")
    assert await used(api, brand.owner, brand.us) == (1, 1)


async def _sends_below(api: Api, world: World, brand: Brand, clock: Clock) -> None:
    await reserved(api, brand.owner, brand.store, "ann")


async def _bought(api: Api, world: World, brand: Brand, clock: Clock) -> None:
    await buy(world, brand.master)


async def _ended(api: Api, world: World, brand: Brand, clock: Clock) -> None:
    await clock.show(_START + datetime.timedelta(days=32))


@pytest.mark.parametrize("book", [_sends_below, _bought, _ended])
async def test_what_is_booked_keeps_the_zone(
    api: Api,
    brand: Brand,
    world: World,
    clock: Clock,
    book: Callable[[Api, World, Brand, Clock], Awaitable[None]],
) -> None:
    await _in_paris(api, brand, clock)
    await book(api, world, brand, clock)
    before = await world.state(brand.master)
    for plan in (BUSINESS, STARTER):
        values = _change(brand.master, plan, 2, timeZone="Asia/Tokyo")
        refused = await attempt(api, "planChange", brand.owner, **values)
        assert refused.user_error is not None
        assert (refused.code, refused.user_error["field"]) == ("ALREADY_BOOKED", ["input", "timeZone"])
    assert await world.state(brand.master) == before


async def test_a_zone_that_is_none_changes_nothing(
    api: Api, brand: Brand, world: World, clock: Clock
) -> None:
    await _in_paris(api, brand, clock)
    before = await world.state(brand.master)
    values = _change(brand.master, BUSINESS, 2, timeZone="Europe/Atlantis")
    assert await code_of(api, "planChange", brand.owner, **values) == "BAD_USER_INPUT"
    assert await world.state(brand.master) == before
