"""What tests of the area use."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


@pytest.fixture
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The worker's connections."""
    engine = connect_as_application(addresses.application, pool_size=3)
    yield engine
    await engine.dispose()
