"""Workers on the worker's own database, and a name server."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.sealing.keyring import Keyring
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.domains.checking import Checking
from tests.areas.domains.name_server import Zone, name_server
from tests.world.world import World


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as workers see it."""
    engine = connect_as_application(addresses.application, 4)
    yield engine
    await engine.dispose()


@pytest.fixture
def zone() -> Zone:
    """What is published."""
    return Zone()


@pytest.fixture
def checking(application: AsyncEngine, world: World, zone: Zone, settings: Settings) -> Iterator[Checking]:
    """Checks by a worker, which asks the name server of the zone."""
    keyring = Keyring([secret.encode() for secret in settings.secret_key_texts])
    with name_server(zone) as dns:
        yield Checking(application, world, dns, zone, lambda: keyring)
