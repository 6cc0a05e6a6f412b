"""A database of its own, because a worker works on all that is in it, and its clock is moved by months."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from tests.areas.fixtures import nothing_breaks
from tests.database.own_database import api, application, own, owner_engine, world

__all__ = ["api", "application", "nothing_breaks", "own", "owner_engine", "world"]


@pytest.fixture
async def clock(owner_engine: AsyncEngine) -> AsyncIterator[Clock]:
    """Its clock."""
    found = Clock(owner_engine)
    yield found
    await found.reset()
