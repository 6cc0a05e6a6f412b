"""A real server, and what each library's program is given."""

import socket
from collections.abc import Iterator

import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.areas.fixtures import nothing_breaks
from tests.browser.server import run_server
from tests.client_libraries.tasks import Task
from tests.world.world import PASSWORD, World

__all__ = ["nothing_breaks"]


@pytest.fixture(scope="session")
def server_url(addresses: DatabaseAddresses) -> Iterator[str]:
    """A real server on a real port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = run_server(port, addresses.application)
    yield running.url
    running.stop()


@pytest.fixture
async def task(server_url: str, world: World) -> Task:
    """The owner of a master account with four subaccounts."""
    owner = await world.person("Maria Santos")
    master = await world.account()
    below = [await world.account(master) for _ in range(4)]
    await world.member(master, BuiltinRole.OWNER, owner)
    return Task(
        url=server_url,
        email=owner.email,
        password=PASSWORD,
        accountId=master.id,
        roleId=f"role_{BuiltinRole.MARKETER.id}",
        accountName=master.name,
        names=sorted(account.name for account in (master, *below)),
    )
