"""The scene of the tests, and workers on the worker's own database."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.access_review.scene import Scene, scene_of
from tests.client.api import Api
from tests.world.world import World


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as workers see it."""
    engine = connect_as_application(addresses.application, 4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def scene(api: Api, world: World) -> Scene:
    return await scene_of(api, world)
