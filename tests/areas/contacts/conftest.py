"""Contacts: an account of each test's own, with who writes its contacts."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.world.world import Account, Member, World

__all__ = ["nothing_breaks"]


@pytest.fixture
async def account(world: World) -> Account:
    """A subaccount without contacts."""
    return await world.account(await world.account())


@pytest.fixture
async def marketer(world: World, account: Account) -> Member:
    """Who writes its contacts."""
    return await world.member(account, BuiltinRole.MARKETER)


@pytest.fixture
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The worker's connections."""
    engine = connect_as_application(addresses.application, pool_size=3)
    yield engine
    await engine.dispose()
