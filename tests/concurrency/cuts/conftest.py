"""A database of its own, in which nothing changes but by the mutation under trial."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
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

_NOTES_OF_USES = ("mandant_note_key_uses", "mandant_note_session_uses")


@pytest.fixture(scope="module")
async def stage(owner_engine: AsyncEngine) -> Stage:
    """One world for all mutations. The server notes once a minute that a token was used, at any time beside
    the requests: a trial would count these rows as the mutation's."""
    async with owner_engine.begin() as connection:
        for name in _NOTES_OF_USES:
            empty = (
                f"CREATE OR REPLACE FUNCTION {name}(secrets bytea[]) RETURNS void LANGUAGE sql RETURN NULL"
            )
            await connection.execute(text(empty))
    return await Stage.of(World(owner_engine))


@pytest.fixture(scope="module")
async def on_request(settings: Settings, own: DatabaseAddresses) -> AsyncIterator[Api]:
    """The application where support unlocks subaccounts."""
    app = create_app(settings.model_copy(update={"subaccounts": SubaccountSetUp.ON_REQUEST}), own.application)
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found
