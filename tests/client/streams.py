"""Asking an application in this process for event streams, which go on until the client leaves."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.client.api import Answer, Api, Caller

STREAM = "text/event-stream"
_PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""


class InProcess(httpx.ASGITransport):
    """Gives what is asked for as an event stream piece by piece, where httpx would wait for its end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("accept") != STREAM:
            return await super().handle_async_request(request)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": self.client,
            "root_path": self.root_path,
        }
        exchange = _Exchange(await request.aread())
        exchange.running = asyncio.ensure_future(self.app(scope, exchange.receive, exchange.send))
        status, headers = await exchange.started
        return httpx.Response(status, headers=headers, stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer."""

    running: asyncio.Future[None]

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._left = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.started: asyncio.Future[tuple[int, Any]] = asyncio.get_running_loop().create_future()

    async def receive(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.started.set_result((message["status"], message["headers"]))
            return
        self._pieces.put_nowait(message.get("body", b""))
        if not message.get("more_body"):
            self._pieces.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def aclose(self) -> None:
        """The client leaves."""
        self._left.set()
        await self.running


@asynccontextmanager
async def streamed(
    api: Api, query: str, caller: Caller | None, **variables: Any
) -> AsyncIterator[AsyncIterator[Answer]]:
    """The results of a subscription, as they are told. What is refused before it begins is the only one."""
    headers = {"accept": STREAM} | ({} if caller is None else {"authorization": f"Bearer {caller.token}"})
    body = {"query": query, "variables": variables}
    async with api.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        yield _told(response)


async def first_told(api: Api, query: str, caller: Caller | None, **variables: Any) -> Answer:
    """The first result of a subscription that tells something at once."""
    async with streamed(api, query, caller, **variables) as told, asyncio.timeout(_PATIENCE):
        return await anext(told)


async def _told(response: httpx.Response) -> AsyncIterator[Answer]:
    if response.headers["content-type"].partition(";")[0] != STREAM:
        await response.aread()
        yield _answer(response.status_code, response.text)
        return
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name == "data" and value.strip():
            yield _answer(response.status_code, value)


def _answer(status: int, text: str) -> Answer:
    found = json.loads(text)
    return Answer(status, found.get("data"), found.get("errors", []))
