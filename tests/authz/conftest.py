"""What the tests of authorization share."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.authz.rules.invitation_links import Invitations
from tests.client.api import Api
from tests.world.world import Account, Member, Person, World


@pytest.fixture(scope="session")
def registry(database: AsyncEngine) -> World:
    """A world that lasts: for properties and for set-ups that many tests share."""
    return World(database)


@pytest.fixture(scope="session")
async def other_process(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """A second instance of the application on the same database: it shares nothing else with the first."""
    async with Api.of(create_app(settings, addresses.application)) as found:
        yield found


@pytest.fixture
def invitations(api: Api, database: AsyncEngine) -> Invitations:
    """The same application, the same database."""
    return Invitations(api, database)


@pytest.fixture
async def account(world: World) -> Account:
    """A subaccount in a tree of its own."""
    return await world.account(await world.account())


@pytest.fixture
async def inviter(world: World, account: Account) -> Member:
    """The account's administrator."""
    return await world.member(account, BuiltinRole.ADMINISTRATOR)


@pytest.fixture
async def invited(world: World) -> Person:
    """Somebody who is nobody anywhere."""
    return await world.person()
