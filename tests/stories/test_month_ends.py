"""Months of 28 to 31 days, and clocks that are put back and forward, in four zones (R90, R98, T20).

What a cycle's bounds are is worked out here once more, with Python's own zones. The functions of the database
are held to that over forty years in `tests/storage/test_cycles.py`; here somebody lives through one.
"""

import calendar
import datetime
import zoneinfo

import pytest

from server.database.clock import Clock
from tests.client.api import Api
from tests.stories.business import Business
from tests.world.plans import make_plan
from tests.world.world import World

MONTHS = 15
"""From January 2027: with 28 February 2027 and 29 February 2028."""


def _boundary(number: int, zone: str) -> datetime.datetime:
    """Midnight of the 31st, or of a shorter month's last day, so many months after January 2027."""
    year, month = 2027 + number // 12, number % 12 + 1
    day = calendar.monthrange(year, month)[1]
    return datetime.datetime(year, month, day, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(datetime.UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
async def test_a_newsletter_on_the_last_and_on_the_first_moment_of_each_month(
    api: Api, world: World, clock: Clock, zone: str
) -> None:
    # A publisher takes a plan of three contacts in the afternoon of 31 January.
    start = _boundary(0, zone)
    await clock.show(start + datetime.timedelta(hours=14))
    publisher = await Business.founded(api, world, "Publisher")
    await publisher.begins_with(await make_plan(world, active_contacts=3, sends=30), clock, zone)
    await publisher.mail("ann ben cem")

    for number in range(1, MONTHS):
        boundary = _boundary(number, zone)
        # Ten seconds before the end the old month still counts, and it has no contact left.
        await clock.show(boundary - datetime.timedelta(seconds=10))
        ending = await publisher.usage()
        assert (ending.starts_at, ending.ends_at) == (start, boundary)
        assert ending.contacts == (3, 3)
        await publisher.mail("ann" if number % 2 else "dee")

        # The boundary is the new month's: all are inactive, and others can be sent to.
        await clock.show(boundary)
        beginning = await publisher.usage()
        assert (beginning.starts_at, beginning.contacts) == (boundary, (0, 3))
        ended = await publisher.usage("PREVIOUS")
        assert (ended.starts_at, ended.ends_at, ended.sends) == (start, boundary, (4, 30))
        await publisher.mail("dee eve fay" if number % 2 else "ann ben cem")
        start = boundary
