"""Whose address it is not, and who invites it."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.people.squatters import Squatter, squatting
from tests.client.api import Api
from tests.world.world import Member, World


@pytest.fixture
async def squatter(stranger: Api) -> Squatter:
    return await squatting(stranger)


@pytest.fixture
async def house(world: World) -> Member:
    """The owner of an account that others are invited to."""
    return await world.member(await world.account(), BuiltinRole.OWNER)
