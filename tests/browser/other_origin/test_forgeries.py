"""Request forgery: whatever a foreign page has a real browser send, also that of a person who is signed in,
nothing is done and nothing can be read. The API has no cookies and takes JSON alone, so a browser has nothing
to add to a request, and asks before it sends one."""

import socket
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from models.people.users import users
from server.embedded_postgres import DatabaseAddresses
from tests.browser.invitations import PASSWORD
from tests.browser.other_origin.forgeries import BEGINNING, FORGERIES
from tests.browser.server import run_server
from tests.waiting import until
from tests.world.brand import brand_of
from tests.world.world import World

_ALLOWED = ["nobody", "one other", "everybody"]
_PUBLIC = {"a query string by fetch", "text by fetch", "a method of its own"}
"""Their answers can be read where every page may call: they are refusals."""


_PAGES = {"a form by GET", "a frame"}
"""What a browser navigates to is GraphiQL."""
_ASKED_FIRST = {"JSON with credentials", "a method of its own", "a beacon of JSON"}
"""The browser asks the server first, and does not send them, whatever the server says."""
_REFUSALS = {400, 403, 405, 406, 415}


def _sign_up(email: str) -> str:
    values = f'name: "F", email: "{email}", password: "{PASSWORD}", accountName: "F"'
    return f"mutation {{ signUp(input: {{ {values} }}) {{ userErrors {{ code }} }} }}"


@pytest.fixture(params=_ALLOWED)
def allowed(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server_url(own: DatabaseAddresses, own_app: str, allowed: str) -> Iterator[str]:
    """The API's address, with these origins allowed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    origins = {"nobody": None, "one other": own_app, "everybody": "*"}[allowed]
    key = SecretStr("a secret of the tests")
    running = run_server(port, own.application, allowed_origins=origins, contact_key=key)
    yield running.url
    running.stop()


@asynccontextmanager
async def _signed_in(browser: Browser, server_url: str, token: str) -> AsyncIterator[BrowserContext]:
    """A browser in which a person is signed in on the server's own pages, in another tab."""
    context = await browser.new_context()
    own = await context.new_page()
    await own.goto(f"{server_url}/sign-in")
    await own.evaluate("token => sessionStorage.setItem('mandant:token', token)", token)
    async with own.expect_response(f"{server_url}/graphql") as asked:
        await own.goto(f"{server_url}/sessions")
    assert "errors" not in await (await asked.value).json()
    yield context
    await context.close()


async def _forge(page: Page, forgery: str, url: str, query: str) -> list[str]:
    """What the page could read."""
    await page.evaluate(BEGINNING)
    await page.evaluate(
        f"async ([url, query]) => {{ await ({FORGERIES[forgery]})(url, query); }}", [url, query]
    )
    found: list[str] = await page.evaluate("read")
    return found


async def _people(engine: AsyncEngine, begin: str) -> set[str]:
    async with engine.connect() as connection:
        emails = select(users.c.email_canonical).where(users.c.email_canonical.startswith(begin))
        return set((await connection.execute(emails)).scalars())


async def test_a_foreign_page_does_nothing(
    browser: Browser,
    server_url: str,
    own_app: str,
    foreign_app: str,
    allowed: str,
    world: World,
    owner_engine: AsyncEngine,
) -> None:
    brand = await brand_of(world)
    url, begin = f"{server_url}/graphql", f"forged-{allowed.replace(' ', '-')}-"
    answers: dict[str, list[Any]] = {}
    async with _signed_in(browser, server_url, brand.owner.token) as context:
        assert await context.cookies() == [], "a browser has nothing to send by itself"
        page = await context.new_page()
        await page.goto(foreign_app)
        for number, forgery in enumerate(FORGERIES):
            if forgery == "a websocket" and allowed == "everybody":
                continue  # it may call, and has no token
            with capture_logs() as lines:
                read = await _forge(page, forgery, url, _sign_up(f"{begin}{number}@example.com"))
                await until(partial(_is_answered, lines))  # beacons arrive later
                await page.wait_for_timeout(50)  # for what would be sent after the browser has asked
            answers[forgery] = _answered(lines)
            readable = allowed == "everybody" and forgery in _PUBLIC
            assert all('"errors"' in text for text in read) if readable else read == [], forgery
        assert await context.cookies() == []
    assert await _people(owner_engine, begin) == set()
    _assert_refused(answers)


def _answered(lines: Sequence[MutableMapping[str, Any]]) -> list[Any]:
    return [line["status"] for line in lines if line.get("path") == "/graphql"]


def _is_answered(lines: Sequence[MutableMapping[str, Any]]) -> bool:
    return bool(_answered(lines))


def _assert_refused(answers: dict[str, list[Any]]) -> None:
    """All arrived, and none was answered but by a page that frames may not show, or a preflight's yes."""
    for forgery, statuses in answers.items():
        assert statuses, forgery
        harmless = {200} if forgery in _PAGES else {204} if forgery in _ASKED_FIRST else set()
        assert set(statuses) - harmless <= _REFUSALS, (forgery, statuses)


async def test_the_same_mutation_is_done_where_a_page_may_ask(
    browser: Browser, server_url: str, own_app: str, allowed: str, owner_engine: AsyncEngine
) -> None:
    """So the refusals above are no faults of the request."""
    email = f"asked-{allowed.replace(' ', '-')}@example.com"
    page = await (await browser.new_context()).new_page()
    await page.goto(own_app)
    await page.evaluate(BEGINNING)
    sent = """([url, query]) => ask(url, {
        method: "POST", body: JSON.stringify({ query }), headers: { "Content-Type": "application/json" } })"""
    await page.evaluate(sent, [f"{server_url}/graphql", _sign_up(email)])
    assert await _people(owner_engine, "asked-") >= ({email} if allowed != "nobody" else set())
    assert (email in await _people(owner_engine, email)) == (allowed != "nobody")
    await page.context.close()
