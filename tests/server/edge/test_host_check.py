"""Hosts: a request names one, and one that is allowed."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.edge.host_check import HostCheck
from server.logs.request_log import RequestLog


async def tell_host(request: Request) -> Response:
    return PlainTextResponse(request.headers["host"])


def client_of(*allowed: str) -> httpx.AsyncClient:
    application = RequestLog(HostCheck(Starlette(routes=[Route("/", tell_host)]), allowed))
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://own.test")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of("own.test", "*.own.test", "[::1]") as client:
        yield client


async def _answer(client: httpx.AsyncClient, *hosts: str) -> tuple[int, str]:
    response = await client.get("/", headers=[("host", host) for host in hosts])
    if response.status_code == 200:
        return 200, response.text
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(
    "host", ["own.test", "OWN.test:8000", "brand.own.test", "[::1]:8000", f"{'a' * 300}.own.test"]
)
async def test_a_host_of_ours_is_served_each_time(client: httpx.AsyncClient, host: str) -> None:
    assert [await _answer(client, host) for _ in range(3)] == [(200, host)] * 3


@pytest.mark.parametrize(
    "host",
    [
        "other.test",
        "own.test.other.test",
        "a@own.test",
        "a/b.own.test",
        "",
        "[own.test",
        "own.test:x",
        "[::2]",
    ],
)
async def test_another_host_is_refused_also_after_one_of_ours(client: httpx.AsyncClient, host: str) -> None:
    for _ in range(2):
        assert await _answer(client, "own.test") == (200, "own.test")
        assert await _answer(client, host) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("allowed", ["own.test", "*"])
async def test_two_hosts_are_refused_whatever_they_are(allowed: str) -> None:
    async with client_of(allowed) as client:
        assert await _answer(client, "own.test") == (200, "own.test")
        for other in ("own.test", "other.test"):
            assert await _answer(client, "own.test", other) == (400, "BAD_USER_INPUT")
            assert await _answer(client, other, "own.test") == (400, "BAD_USER_INPUT")


async def test_any_host_is_served_where_all_are_allowed() -> None:
    async with client_of("*") as client:
        assert await _answer(client, "other.test") == (200, "other.test")
