"""Messages: an account of each test's own, with who sends them."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.settings.tables import SettingName
from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site, site_of
from tests.world.messages import give_sender
from tests.world.plans import make_plan, subscribe
from tests.world.settings import set_setting
from tests.world.world import World

__all__ = ["nothing_breaks"]


@pytest.fixture
async def shop(world: World) -> Shop:
    """Its tree has a plan of 10 contacts and 20 sends."""
    master = await world.account()
    await subscribe(world, master, await make_plan(world, active_contacts=10, sends=20))
    account = await world.account(master)
    sender = await give_sender(world, account)
    await set_setting(world, account, SettingName.SENDER_ADDRESS, sender)
    return Shop(master, account, sender, await world.member(account, BuiltinRole.ADMINISTRATOR))


@pytest.fixture
async def site(addresses: DatabaseAddresses, database: AsyncEngine) -> AsyncIterator[Site]:
    """Workers and their mail server."""
    async with site_of(addresses, database) as made:
        yield made
