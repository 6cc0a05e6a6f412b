"""Imports: a master account of each test's own, with its owner."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.world.world import Account, Member, World


@pytest.fixture
async def account(world: World) -> Account:
    """A master account without contacts."""
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    """Who imports."""
    return await world.member(account, BuiltinRole.OWNER)
