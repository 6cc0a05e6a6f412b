"""What the tests of narrowed tokens share with those of authorization, and their scene."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.narrowed_tokens.endings import Scene
from tests.authz.conftest import other_process, registry
from tests.client.api import Api
from tests.world.world import World

__all__ = ["other_process", "registry"]


@pytest.fixture
async def scene(api: Api, other_process: Api, world: World) -> Scene:
    """Two processes; an account with an owner, an administrator and a key."""
    account = await world.account(await world.account())
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    return Scene(api, other_process, world, account, owner, member, await world.api_key(account))
