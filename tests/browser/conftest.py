"""A headless Chromium that reaches this machine alone."""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, async_playwright
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.browser.invitations import Invitation, mailed_link
from tests.browser.server import run_server
from tests.browser.visits import Visit
from tests.client.api import Api
from tests.world.world import World

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        yield browser
        await browser.close()


@pytest.fixture(scope="package")
def server_url(addresses: DatabaseAddresses) -> Iterator[str]:
    """A real server on a real port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = run_server(port, addresses.application)
    yield running.url
    running.stop()


@pytest.fixture
async def demo_token(world: World) -> str:
    """The token of a signed-in owner."""
    return (await world.member(await world.account(), BuiltinRole.OWNER)).token


@pytest.fixture
async def invitation(server_url: str, world: World, database: AsyncEngine) -> Invitation:
    """An invitation, fresh for this test, to an address that nobody has signed up with."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    email = f"invited-{account.key.hex}@example.com"
    marketer = f"role_{BuiltinRole.MARKETER.id}"
    async with httpx.AsyncClient(base_url=server_url) as http:
        await Api(http).change(
            "memberInvite", owner, accountId=account.id, email=email, roleId=marketer, idempotencyKey="1"
        )
    return Invitation(await mailed_link(database, email), email, account.name)


@pytest.fixture
async def share(server_url: str, world: World, database: AsyncEngine) -> Invitation:
    """A share of one of two accounts, without the contacts, to an address that nobody has signed up with."""
    master = await world.account()
    account = await world.account(master)
    owner = await world.member(master, BuiltinRole.OWNER, await world.person("Maria Santos"))
    email = f"guest-{account.key.hex}@example.com"
    wanted: dict[str, Any] = {
        "accountIds": [account.id],
        "email": email,
        "roleId": f"role_{BuiltinRole.MARKETER.id}",
        "hiddenAreas": ["CONTACTS", "BLOCK_LIST"],
    }
    async with httpx.AsyncClient(base_url=server_url) as http:
        await Api(http).change("shareCreate", owner, **wanted, idempotencyKey="1")
    return Invitation(await mailed_link(database, email), email, account.name)


@pytest.fixture
async def visit(browser: Browser, server_url: str) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    visit = Visit(await context.new_page(), server_url)
    visit.watch()
    yield visit
    await context.close()
