"""A primary of its own, because a replica copies all of a server, and the application on both."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.fixtures import nothing_breaks
from tests.client.api import Api
from tests.database.database import TestServer, clone, named
from tests.freshness.replica import Replica, replica_of
from tests.world.world import World

__all__ = ["nothing_breaks"]


@pytest.fixture(scope="module")
def primary_server() -> Iterator[DatabaseAddresses]:
    """The server that is copied."""
    server = TestServer()
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
async def replica(primary_server: DatabaseAddresses) -> AsyncIterator[Replica]:
    """It replays all but where a test keeps it from that."""
    name = await clone(primary_server.owner)
    primary = DatabaseAddresses(named(primary_server.owner, name), named(primary_server.application, name))
    async with replica_of(primary) as found:
        yield found


@pytest.fixture(scope="module")
async def primary(replica: Replica) -> AsyncIterator[AsyncEngine]:
    """The primary as its owner."""
    engine = connect_as_owner(replica.primary.owner)
    yield engine
    await engine.dispose()


@pytest.fixture
def replicated(primary: AsyncEngine) -> World:
    """Makes people and accounts on the primary."""
    return World(primary)


@pytest.fixture(scope="module")
async def replicated_api(replica: Replica, settings: Settings) -> AsyncIterator[Api]:
    """The application, whose compiled reads go to the replica."""
    app = create_app(
        settings.model_copy(update={"read_url": replica.addresses.application}), replica.primary.application
    )
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found
