"""Workers of a story."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.areas.messages.site import site_of
from tests.stories.sending.post import Post
from tests.world.world import World

__all__ = ["nothing_breaks"]


@pytest.fixture
async def post(addresses: DatabaseAddresses, database: AsyncEngine, world: World) -> AsyncIterator[Post]:
    """Workers, and the mail server that they hand messages to."""
    async with site_of(addresses, database) as site:
        yield Post(site, world)
