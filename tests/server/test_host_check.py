"""Hosts: what Starlette's check lets through is remembered, and nothing else passes."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.host_check import HostCheck


async def tell_host(request: Request) -> Response:
    return PlainTextResponse(request.headers["host"])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    application = HostCheck(Starlette(routes=[Route("/", tell_host)]), ["own.test", "*.own.test"])
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://own.test") as client:
        yield client


async def _answer(client: httpx.AsyncClient, *hosts: str) -> tuple[int, str]:
    response = await client.get("/", headers=[("host", host) for host in hosts])
    return response.status_code, response.text


@pytest.mark.parametrize("host", ["own.test", "OWN.test:8000", "brand.own.test", f"{'a' * 300}.own.test"])
async def test_a_host_of_ours_is_served_each_time(client: httpx.AsyncClient, host: str) -> None:
    assert [await _answer(client, host) for _ in range(3)] == [(200, host)] * 3


@pytest.mark.parametrize("host", ["other.test", "own.test.other.test", "a@own.test.org", "", "[own.test"])
async def test_another_host_is_refused_also_after_one_of_ours(client: httpx.AsyncClient, host: str) -> None:
    for _ in range(2):
        assert await _answer(client, "own.test") == (200, "own.test")
        assert await _answer(client, host) == (400, "Invalid host header")


async def test_the_first_of_several_hosts_decides(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert await _answer(client, "own.test") == (200, "own.test")
        assert (await _answer(client, "other.test", "own.test"))[0] == 400


async def test_more_hosts_than_are_remembered_are_served(client: httpx.AsyncClient) -> None:
    """Also those that come after; others are still refused."""
    for number in range(1_100):
        assert (await _answer(client, f"brand-{number}.own.test"))[0] == 200
    assert (await _answer(client, "other.test"))[0] == 400
