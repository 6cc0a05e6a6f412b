"""A real server, and what each library's program is given."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.fixtures import nothing_breaks
from tests.areas.live.serving import Served, serving
from tests.client.api import Api
from tests.client_libraries.play import Play
from tests.client_libraries.tasks import Task
from tests.client_libraries.ways import Way, way_to
from tests.world.world import PASSWORD, World

__all__ = ["nothing_breaks"]


@pytest.fixture(scope="package")
async def served(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Served]:
    """A real server on a real port."""
    running = serving(settings, addresses.application)
    yield await asyncio.to_thread(running.__enter__)
    await asyncio.to_thread(running.__exit__, None, None, None)


@pytest.fixture
async def way(served: Served) -> AsyncIterator[Way]:
    """The way of the subscriptions."""
    host, _, port = served.address.partition(":")
    async with way_to(host, int(port)) as found:
        yield found


@pytest.fixture
async def play(served: Served, way: Way, world: World, api: Api) -> Play:
    """For the owner of a master account with four subaccounts."""
    owner = await world.person("Maria Santos")
    master = await world.account()
    below = [await world.account(master) for _ in range(4)]
    member = await world.member(master, BuiltinRole.OWNER, owner)
    await api.change("accountUpdate", member, accountId=master.id, externalId="the first change")
    task = Task(
        url=f"http://{served.address}",
        socketUrl=f"ws://127.0.0.1:{way.port}",
        email=owner.email,
        password=PASSWORD,
        accountId=master.id,
        roleId=f"role_{BuiltinRole.MARKETER.id}",
        accountName=master.name,
        names=sorted(account.name for account in (master, *below)),
    )
    return Play(task, way, api, member)
