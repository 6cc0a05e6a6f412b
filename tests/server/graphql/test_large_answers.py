"""Large answers leave in pieces, as fast as clients take them, and a process holds so many bytes of them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Message

from authz.policy.refusals import Busy
from server.graphql.large_answers import ANSWERS, LARGE, PIECE, LargeAnswer
from tests.server.start.small_server import (
    GRAPHQL,
    JSON,
    SmallServer,
    only_error,
    post,
    run_small_server,
)

_ECHO = "query Q($v: Anything) { echo(value: $v) }"
_PATIENCE = 60
_PLACE = "192.0.2.1"


def _asking(size: int) -> dict[str, object]:
    """Asks for an answer of about so many bytes."""
    return {"query": _ECHO, "variables": {"v": "x" * size}}


@pytest.fixture(scope="module")
def server() -> Iterator[SmallServer]:
    with run_small_server() as server:
        yield server


@pytest.fixture
def client(server: SmallServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=_PATIENCE) as client:
        yield client


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize("size", [1, LARGE - 200, LARGE, 2 * PIECE, 4 * PIECE - 11, 900_000])
def test_an_answer_of_any_size_is_whole(client: httpx.Client, size: int, accept: str) -> None:
    for _ in range(2):
        response = post(client, _asking(size), accept)
        assert response.json()["data"] == {"echo": "x" * size}
        assert int(response.headers["content-length"]) == len(response.content)
        assert response.headers["cache-control"] == "no-store"
    assert not ANSWERS._held


def test_errors_of_a_large_answer_stand_beside_its_data(client: httpx.Client) -> None:
    """Nothing was sent before all of it was known."""
    query = "query Q($v: Anything) { echo(value: $v) broken }"
    response = post(client, {"query": query, "variables": {"v": "x" * LARGE}})
    assert response.json()["data"] == {"echo": "x" * LARGE, "broken": None}
    assert only_error(response)["code"] == "INTERNAL"


class _Client:
    """Takes an answer, or stops to: `send` of an ASGI application."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.takes = asyncio.Event()
        self.stopped = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.messages) > 2 and not self.takes.is_set():
            self.stopped.set()
            await self.takes.wait()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


@asynccontextmanager
async def _sending(client: _Client, size: int) -> AsyncIterator["asyncio.Task[None]"]:
    answer = LargeAnswer(Response(b"x" * size, 200), _PLACE, of_change=False)

    async def nothing() -> Message:
        raise AssertionError("nobody asks whether the client is still there")

    task = asyncio.ensure_future(answer({"type": "http"}, nothing, client.send))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_no_piece_is_written_before_the_client_has_taken_the_others() -> None:
    client, size = _Client(), 5 * PIECE + 1
    async with _sending(client, size) as task:
        await client.stopped.wait()
        await asyncio.sleep(0)
        assert len(client.body) == 2 * PIECE
        assert ANSWERS._held == {_PLACE: size}
        client.takes.set()
        await task
    assert client.body == b"x" * size
    assert [message["more_body"] for message in client.messages[1:]] == [*[True] * 5, False]
    assert not ANSWERS._held


async def test_a_client_that_leaves_holds_nothing() -> None:
    client = _Client()
    async with _sending(client, LARGE + 1):
        await client.stopped.wait()
    assert not ANSWERS._held


async def test_a_place_holds_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer of any size it may always have."""
    monkeypatch.setattr(ANSWERS, "most_of_a_place", 3 * LARGE)
    client = _Client()
    async with _sending(client, 4 * LARGE) as task:
        await client.stopped.wait()
        with pytest.raises(Busy):
            LargeAnswer(Response(b"x" * LARGE), _PLACE, of_change=False)
        LargeAnswer(Response(b"x" * LARGE), _PLACE, of_change=True)._held.let_go()
        with pytest.raises(Busy):
            ANSWERS.check_room(_PLACE)
        client.takes.set()
        await task
    assert not ANSWERS._held


def test_who_takes_nothing_is_told_that_too_much_waits(
    server: SmallServer, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each answer the machine's own buffers hold a few megabytes, so it has more."""
    monkeypatch.setattr(ANSWERS, "most_of_a_place", 40_000_000)
    address = urlsplit(server.url)
    fields = " ".join(f"f{number}: echo(value: $v)" for number in range(16))
    large = {"query": f"query Q($v: Anything) {{ {fields} }}", "variables": {"v": "x" * 900_000}}
    body = json.dumps(large).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: {len(body)}\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(2):
            unread = stack.enter_context(socket.socket())
            unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            unread.settimeout(_PATIENCE)
            unread.connect((address.hostname, address.port))
            unread.sendall(head.encode() + body)
            assert unread.recv(12) == b"HTTP/1.1 200"
        refused = post(client, large)
        assert (refused.status_code, only_error(refused)["code"]) == (503, "BUSY")
        assert refused.headers["retry-after"] == "1"
        assert post(client, _asking(LARGE // 2)).status_code == 200
