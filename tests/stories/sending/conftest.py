"""A database of their own, because workers charge and issue all that is due in it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.areas.messages.site import site_of
from tests.database.own_database import api, application, own, owner_engine, world
from tests.stories.sending.post import Post
from tests.world.world import World

__all__ = ["api", "application", "nothing_breaks", "own", "owner_engine", "world"]


@pytest.fixture
async def clock(owner_engine: AsyncEngine) -> AsyncIterator[Clock]:
    """The clock of plans and sends in that database."""
    found = Clock(owner_engine)
    yield found
    await found.reset()


@pytest.fixture
async def post(own: DatabaseAddresses, owner_engine: AsyncEngine, world: World) -> AsyncIterator[Post]:
    """Workers, and the mail server that they hand messages to."""
    async with site_of(own, owner_engine) as site:
        yield Post(site, world)
