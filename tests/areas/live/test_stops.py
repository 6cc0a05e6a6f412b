"""How streams end with their server."""

import asyncio
import json
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.live.serving import (
    PATIENCE,
    Stoppable,
    opened,
    serving_app,
    signed_in,
)
from tests.areas.live.streaming import account, address_of, key, own, upgrade_of
from tests.areas.live.test_event_streams import STREAM, USAGE
from tests.world.world import Account, ApiKey

__all__ = ["account", "key", "own"]


async def test_a_server_that_stops_says_so(own: Stoppable, key: ApiKey, account: Account) -> None:
    body = {"query": USAGE, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    async with (
        signed_in(own, key) as socket_,
        opened(own) as nobody,
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("POST", own.url, json=body, headers=headers) as response,
    ):
        await socket_.subscribe("1", USAGE, id=account.id)
        await socket_.next_of("1")
        lines = response.aiter_lines()
        assert await anext(lines) == "event: next"
        began = time.monotonic()
        own.stop()
        assert await socket_.closed() == 1001
        assert await nobody.closed() == 1001
        rest = [line async for line in lines if line]
        assert rest[-2:] == ["event: complete", "data:"]
        assert time.monotonic() - began < 10
    with pytest.raises((OSError, InvalidStatus)):
        async with opened(own):
            pass


class _WaitsLonger(HttpProtocol):
    limits = ConnectionLimits(last_seconds=5.0)


async def test_no_stream_is_opened_in_a_server_that_stops(
    settings: Settings, addresses: DatabaseAddresses, key: ApiKey, account: Account
) -> None:
    """Over connections that were open before."""
    body = json.dumps({"query": USAGE, "variables": {"id": account.id}})
    with serving_app(create_app(settings, addresses.application), _WaitsLonger) as own:
        request = "\r\n".join(
            (
                "POST /graphql HTTP/1.1",
                f"Host: {own.address}",
                f"Accept: {STREAM}",
                f"Authorization: Bearer {key.token}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "",
                body,
            )
        ).encode()
        async with signed_in(own, key) as open_before:
            early = [
                (await asyncio.open_connection(*address_of(own)), head) for head in (upgrade_of(own), request)
            ]
            for (_, writer), head in early:
                writer.write(head[:20])
            own.stop()
            assert await open_before.closed() == 1001
        for (reader, writer), head in early:
            writer.write(head[20:])
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"UNAVAILABLE"' in answer
            writer.close()
