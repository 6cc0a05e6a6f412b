"""Webhooks in a database of their own: what delivers them works on all that is in it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.areas.webhooks.site import Site, site_of
from tests.database.own_database import api, application, own, owner_engine, world
from tests.world.world import World

__all__ = ["api", "application", "nothing_breaks", "own", "owner_engine", "world"]


@pytest.fixture(scope="module")
async def module_site(
    own: DatabaseAddresses, owner_engine: AsyncEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for all tests of a module: its schema takes seconds to build."""
    async with site_of(own, World(owner_engine), tmp_path_factory.mktemp("receiver")) as found:
        yield found


@pytest.fixture
async def site(module_site: Site) -> Site:
    """With nothing left of other tests."""
    await module_site.clear()
    return module_site
