"""The demo, made once for the tests that look at it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.database.clock import Clock
from server.database.connections import connect_as_owner
from server.demo.making import make_demo
from server.demo.year import Year
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.server.demo.demo_database import (
    DEPLOYMENT,
    DemoDatabase,
    open_demo_database,
)
from tests.world.billing import ISSUER


@pytest.fixture(scope="package")
async def demo(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[DemoDatabase]:
    """A database with the demo and its past year in it, made by two at once."""
    async with open_demo_database(addresses, settings) as database:
        owner = connect_as_owner(database.owner_url)
        year = Year(Clock(owner), ISSUER)
        both = (make_demo(database.engine, DEPLOYMENT, year) for _ in range(2))
        assert sorted(await asyncio.gather(*both)) == [False, True]
        await owner.dispose()
        yield database
