"""A database of its own, because a worker works on all that is in it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from server.settings.payments import PracticePayments
from tests.areas.fixtures import brand, nothing_breaks
from tests.database.own_database import api, application, own, owner_engine, world

__all__ = ["api", "application", "brand", "nothing_breaks", "own", "owner_engine", "world"]


@pytest.fixture
def provider() -> PracticePayments:
    """Remembers what it was asked for."""
    return PracticePayments()


@pytest.fixture
async def clock(owner_engine: AsyncEngine) -> AsyncIterator[Clock]:
    """The clock of plans and sends in that database."""
    found = Clock(owner_engine)
    yield found
    await found.reset()
