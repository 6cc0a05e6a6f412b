"""A database of its own, in which nothing changes but by the mutation under trial."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.staff.request_subaccounts import SubaccountSetUp
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.authz.matrix.matrix_callers import Stage
from tests.client.api import Api
from tests.database.own_database import api, own, owner_engine
from tests.world.world import World

__all__ = ["api", "own", "owner_engine"]


@pytest.fixture(scope="module")
async def stage(owner_engine: AsyncEngine) -> Stage:
    """One world for all mutations."""
    return await Stage.of(World(owner_engine))


@pytest.fixture(scope="module")
async def on_request(settings: Settings, own: DatabaseAddresses) -> AsyncIterator[Api]:
    """The application where support unlocks subaccounts."""
    app = create_app(settings.model_copy(update={"subaccounts": SubaccountSetUp.ON_REQUEST}), own.application)
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found
