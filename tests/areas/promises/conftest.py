"""The scene of the tests of promises."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.promises.scene import Scene
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.world.world import World


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
