"""Templates: an account of each test's own, with who writes them."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.fixtures import nothing_breaks
from tests.world.world import Account, Member, World

__all__ = ["nothing_breaks"]


@pytest.fixture
async def account(world: World) -> Account:
    """A subaccount without templates."""
    return await world.account(await world.account())


@pytest.fixture
async def marketer(world: World, account: Account) -> Member:
    """Who writes its templates."""
    return await world.member(account, BuiltinRole.MARKETER)
