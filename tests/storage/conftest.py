"""What the database itself holds to."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The worker's database as the application sees it."""
    engine = connect_as_application(addresses.application, 1)
    yield engine
    await engine.dispose()
