"""Server-sent events, by the protocol graphql-sse in its mode of distinct connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.live.serving import PATIENCE, Served, serving_app, without_cost
from tests.areas.live.test_events import EVENTS, change
from tests.client.api import Api, Caller
from tests.world.world import Account, Member, World

STREAM = "text/event-stream"
USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent } }"
VIEWER = "{ viewer { user { id } } }"


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


@pytest.fixture
async def http(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{served.address}", timeout=PATIENCE) as client:
        yield client


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, caller: Caller | None, query: str, accept: str = STREAM, **variables: Any
) -> AsyncIterator[httpx.Response]:
    """The response as it comes."""
    headers = {"accept": accept} | ({} if caller is None else {"authorization": f"Bearer {caller.token}"})
    body = {"query": query, "variables": variables}
    async with http.stream("POST", "/graphql", json=body, headers=headers) as response:
        yield response


async def told(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """The events: their types and data."""
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    type_ = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name == "event":
            type_ = value.strip()
        elif name == "data":
            yield type_, without_cost(json.loads(value)) if value.strip() else None


async def test_events_are_told(http: httpx.AsyncClient, api: Api, account: Account, owner: Member) -> None:
    async with stream(http, owner, EVENTS, id=account.id) as response:
        writing = asyncio.create_task(_change_after(api, owner, account, 1))
        async for type_, data in told(response):
            assert type_ == "next"
            assert [each["type"] for each in data["data"]["events"]["nodes"]] == ["ACCOUNT_UPDATED"]
            break
        await writing


@pytest.mark.parametrize("accept", [STREAM, "application/json, text/event-stream;q=0.5"])
async def test_a_subscription_is_streamed_to_who_takes_streams(
    http: httpx.AsyncClient, account: Account, owner: Member, accept: str
) -> None:
    async with stream(http, owner, USAGE, accept, id=account.id) as response:
        async for type_, data in told(response):
            assert (type_, data["data"]) == ("next", {"usage": {"sent": 0}})
            break


async def test_a_query_is_one_event(http: httpx.AsyncClient, owner: Member) -> None:
    async with stream(http, owner, VIEWER) as response:
        (type_, data), end = [event async for event in told(response)]
    assert (type_, data["data"]) == ("next", {"viewer": {"user": {"id": owner.person.id}}})
    assert end == ("complete", None)
    async with stream(http, owner, VIEWER, "application/json, text/event-stream") as response:
        assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("{ nothing }", 400, "BAD_USER_INPUT"),
        ("subscription { usage { sent } }", 400, "BAD_USER_INPUT"),
        ("{", 400, "BAD_USER_INPUT"),
    ],
)
async def test_what_is_no_operation_is_refused_as_ever(
    http: httpx.AsyncClient, owner: Member, query: str, status: int, code: str
) -> None:
    async with stream(http, owner, query) as response:
        await response.aread()
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (status, code)


@pytest.mark.parametrize("token", [None, "nobody"])
async def test_who_is_nobody_is_told_nothing(
    http: httpx.AsyncClient, account: Account, token: str | None
) -> None:
    headers = {"accept": STREAM} | ({} if token is None else {"authorization": f"Bearer {token}"})
    response = await http.post(
        "/graphql", json={"query": USAGE, "variables": {"id": account.id}}, headers=headers
    )
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_foreign_account_is_told_of_as_not_there(
    http: httpx.AsyncClient, world: World, owner: Member
) -> None:
    foreign = await world.account()
    async with stream(http, owner, USAGE, id=foreign.id) as response:
        (type_, data), end = [event async for event in told(response)]
    assert (type_, end) == ("next", ("complete", None))
    assert "data" not in data or data["data"] == {"usage": None}
    assert data["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert data["errors"][0]["path"] == ["usage"]


async def test_a_stream_ends_with_the_session(
    http: httpx.AsyncClient, api: Api, account: Account, owner: Member
) -> None:
    found: list[tuple[str, Any]] = []
    async with stream(http, owner, USAGE, id=account.id) as response:
        async for type_, data in told(response):
            if not found:
                await api.read("mutation { signOut { userErrors { code } } }", owner)
            found.append((type_, data))
    (_, first), (_, last), end = found
    assert first["data"] == {"usage": {"sent": 0}}
    assert last["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert end == ("complete", None)


async def test_a_quiet_stream_is_not_taken_for_one_that_nobody_reads(
    settings: Settings, addresses: DatabaseAddresses, api: Api, account: Account, owner: Member
) -> None:
    class Hasty(HttpProtocol):
        limits = ConnectionLimits(head_seconds=2, silence_seconds=2, slow_seconds=2)

    running = serving_app(create_app(settings, addresses.application), Hasty)
    served = await asyncio.to_thread(running.__enter__)
    try:
        async with (
            httpx.AsyncClient(base_url=f"http://{served.address}", timeout=PATIENCE) as http,
            stream(http, owner, EVENTS, id=account.id) as response,
        ):
            writing = asyncio.create_task(_change_after(api, owner, account, 5))
            assert (await anext(told(response)))[0] == "next"
            await writing
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def _change_after(api: Api, owner: Member, account: Account, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await change(api, owner, account, "late")
