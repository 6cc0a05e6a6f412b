"""A server that people reach by a name, since passkeys belong to names, and a person to sign in."""

import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser
from pydantic import SecretStr

from server.embedded_postgres import DatabaseAddresses
from tests.browser.people.accessibility import AXE
from tests.browser.server import run_server
from tests.browser.visits import Visit
from tests.client.api import Api


@pytest.fixture(scope="session", autouse=True)
def axe_is_installed() -> None:
    if not AXE.is_file():
        pytest.skip("npm ci was not run in server/pages")


@pytest.fixture(scope="package")
def server_url(addresses: DatabaseAddresses) -> Iterator[str]:
    """A real server. It may ask issuers on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    public_url, keys = f"http://localhost:{port}", SecretStr("another secret of the tests")
    running = run_server(
        port, addresses.application, public_url=public_url, secret_keys=keys, private_issuers=True
    )
    yield public_url
    running.stop()


@pytest.fixture
async def http(server_url: str) -> AsyncIterator[Api]:
    """The API of that server."""
    async with httpx.AsyncClient(base_url=server_url, trust_env=False) as client:
        yield Api(client)


@pytest.fixture
async def german_visit(browser: Browser, server_url: str) -> AsyncIterator[Visit]:
    """A browser whose person reads German."""
    context = await browser.new_context(locale="de-DE")
    context.set_default_timeout(15_000)
    visit = Visit(await context.new_page(), server_url)
    visit.watch()
    yield visit
    await context.close()
