"""Clients that write to sockets what no library would, and a small application for them."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol

PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""

PLACES = 8
HEAD = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
SMALL = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"

disconnected = threading.Event()
"""Somebody left `/size` before the end of its body."""
entered = threading.Event()
"""`/slow` was asked."""
released = threading.Event()
"""`/slow` may answer."""


class Patient(HttpProtocol):
    """Few places, and nobody is ever too slow."""

    limits = ConnectionLimits(connections=PLACES, head_seconds=600, silence_seconds=600, linger_seconds=600)


async def small(request: Request) -> Response:
    """A small answer."""
    return PlainTextResponse("small")


async def size(request: Request) -> Response:
    """How long the body is, once all of it was read."""
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        disconnected.set()
        raise


async def unread(request: Request) -> Response:
    """Answers without a look at the body."""
    return PlainTextResponse("unread")


async def large(request: Request) -> Response:
    """More than any socket keeps."""
    return Response(b"x" * 50_000_000)


async def pieces(request: Request) -> Response:
    """The same, written piece by piece."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield b"x" * 65_536

    return StreamingResponse(parts())


async def slow(request: Request) -> Response:
    """Answers once `released` is set."""
    entered.set()
    await asyncio.to_thread(released.wait, PATIENCE)
    return PlainTextResponse("slow")


def application() -> Starlette:
    """All of these pages, each at its name."""
    posted = [Route(f"/{page.__name__}", page, methods=["POST"]) for page in (size, unread)]
    asked = (small, large, pieces, slow)
    return Starlette(routes=[*posted, *(Route(f"/{page.__name__}", page) for page in asked)])


def connect(address: str) -> socket.socket:
    """A connection to a host and port."""
    host, _, port = address.partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def rest(client: socket.socket) -> bytes:
    """Everything that comes until the server ends the connection."""
    read = b""
    try:
        while piece := client.recv(65536):
            read += piece
    except ConnectionResetError:
        pass
    return read


def refused(answer: bytes) -> tuple[int, str]:
    """Status and code of an answer that says that it is the last one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head.lower()
    assert b"\r\ncontent-type: application/json; charset=utf-8" in head.lower()
    (error,) = json.loads(body)["errors"]
    identity = re.search(rb"x-request-id: (\S+)", head)
    assert identity is not None
    assert error["extensions"]["requestId"] == identity[1].decode()
    return int(head.split()[1]), error["extensions"]["code"]


def asked(address: str, request: bytes = SMALL) -> bytes:
    """What answers a request on a connection of its own."""
    with connect(address) as client:
        client.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return rest(client)
