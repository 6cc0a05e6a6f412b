"""A server that runs a list of documents, in a real browser: GraphiQL says that it may not, the pages for
people work."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.pages.files import FOLDER
from tests.browser.server import run_server
from tests.world.world import World


@pytest.fixture
def server_url(addresses: DatabaseAddresses, tmp_path: Path) -> Iterator[str]:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"listed": "query Listed { __typename }"}), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = run_server(port, addresses.application, documents=manifest)
    yield running.url
    running.stop()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context()
    context.set_default_timeout(15_000)
    yield await context.new_page()
    await context.close()


@pytest.mark.skipif(not (FOLDER / "node_modules").is_dir(), reason="npm ci was not run in server/pages")
async def test_graphiql_says_that_it_may_not(page: Page, server_url: str) -> None:
    await page.goto(f"{server_url}/graphql?query=%7B%20__typename%20%7D")
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("__typename")
    await page.get_by_role("button", name="Execute query").click()
    answer = page.locator(".graphiql-response")
    await expect(answer).to_contain_text("DOCUMENT_NOT_TRUSTED")
    await expect(answer).to_contain_text("runs only the documents that its operator has listed")


async def test_people_see_their_sessions(page: Page, server_url: str, world: World) -> None:
    token = (await world.member(await world.account(), BuiltinRole.OWNER)).token
    await page.goto(f"{server_url}/sign-in")
    await page.evaluate("token => sessionStorage.setItem('mandant:token', token)", token)
    async with page.expect_response(f"{server_url}/graphql") as asked:
        await page.goto(f"{server_url}/sessions")
    answer = await (await asked.value).json()
    assert answer["data"]["viewer"]
    assert "errors" not in answer
