"""A database of their own for tests of workers, which work on all that is in it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application, connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.database.database import clone, drop, named
from tests.world.world import World


@pytest.fixture(scope="module")
async def own(addresses: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """Its addresses."""
    name = await clone(addresses.owner)
    yield DatabaseAddresses(named(addresses.owner, name), named(addresses.application, name))
    await drop(addresses.owner, name)


@pytest.fixture(scope="module")
async def application(own: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as a worker sees it."""
    engine = connect_as_application(own.application, 3)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def owner_engine(own: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as its owner."""
    engine = connect_as_owner(own.owner)
    yield engine
    await engine.dispose()


@pytest.fixture
def world(owner_engine: AsyncEngine) -> World:
    """Makes people, accounts and grants there."""
    return World(owner_engine)


@pytest.fixture(scope="module")
async def api(own: DatabaseAddresses, settings: Settings) -> AsyncIterator[Api]:
    """The application on it."""
    app = create_app(settings, own.application)
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found
