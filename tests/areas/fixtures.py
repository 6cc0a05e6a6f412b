"""Fixtures that several folders of tests import into their `conftest.py`."""

import datetime
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from server.database.clock import Clock
from tests.client.api import Api
from tests.client.places import new_place
from tests.world.brand import Brand, brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.usage import BERLIN, MIDNIGHT
from tests.world.world import World


@pytest.fixture(autouse=True)
def nothing_breaks() -> Iterator[None]:
    """No request of the test ends in an error that nobody foresaw."""
    with capture_logs() as lines:
        yield
    broken = [line for line in lines if line["event"] == "internal error"]
    assert not broken, [repr(line["exc_info"]) for line in broken]


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[Api]:
    """The API as from a network address of its own: its sign-ins count for no other test."""
    async with Api.of(app, new_place()) as found:
        yield found


@pytest.fixture
async def brand(world: World) -> Brand:
    """A master account with three teams, and its owner."""
    return await brand_of(world)


@pytest.fixture
async def planned(brand: Brand, world: World, clock: Clock) -> Brand:
    """The brand with 100 contacts and 1,000 sends since 1 March in Berlin, ten days into its first cycle."""
    await clock.show(MIDNIGHT + datetime.timedelta(days=10))
    plan = await make_plan(world, active_contacts=100, sends=1000)
    await subscribe(world, brand.master, plan, BERLIN, MIDNIGHT)
    return brand


@pytest.fixture
async def priced(brand: Brand, world: World, clock: Clock) -> Brand:
    """The brand with 100 sends, and more for ten micro-units each, ten days into its cycle."""
    await clock.show(MIDNIGHT + datetime.timedelta(days=10))
    plan = await make_plan(world, active_contacts=1000, sends=100, send_price=10, block_price=1)
    await subscribe(world, brand.master, plan, BERLIN, MIDNIGHT)
    return brand
