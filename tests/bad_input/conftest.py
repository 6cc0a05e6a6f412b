"""Input that is wrong: a clear code, nothing half-written, and the server still answers."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.areas.fixtures import nothing_breaks, stranger
from tests.bad_input.place import Place, make_place
from tests.client.api import Api
from tests.world.world import World

__all__ = ["nothing_breaks", "stranger"]


@pytest.fixture(scope="module")
async def place(api: Api, database: AsyncEngine) -> Place:
    """For tests that change nothing: whatever they send is refused."""
    return await make_place(api, World(database))


@pytest.fixture(scope="module")
async def foreign(api: Api, database: AsyncEngine) -> Place:
    """The same in a tree that the callers of `place` have nothing to do with."""
    return await make_place(api, World(database))
