"""Accounts: a worker's transactions."""

from collections.abc import AsyncIterator

import pytest

from engine.writes.sessions import WriteSessions
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


@pytest.fixture
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    """Transactions of the application."""
    database = connect_as_application(addresses.application, pool_size=2)
    yield WriteSessions(database)
    await database.dispose()
