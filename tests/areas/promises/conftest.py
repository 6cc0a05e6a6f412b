"""The scene of the tests of promises."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.promises.scene import Scene
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.world.world import World


@pytest.fixture(scope="module")
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as workers see it."""
    engine = connect_as_application(addresses.application, 4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def scene(api: Api, world: World) -> Scene:
    master = await world.account()
    account = await world.account(master)
    below = await world.account(account)
    await set_parent_access(world, account, ParentAccess.NONE)
    return Scene(
        api,
        world,
        master,
        account,
        below,
        await world.member(master, BuiltinRole.OWNER),
        await world.member(account, BuiltinRole.OWNER),
        await world.member(account, BuiltinRole.ANALYST),
    )
