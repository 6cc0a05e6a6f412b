"""Workers on the worker's own database."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as workers see it."""
    engine = connect_as_application(addresses.application, 4)
    yield engine
    await engine.dispose()
