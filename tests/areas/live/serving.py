"""The application behind a real uvicorn, and a client that speaks the protocol by hand."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.edge.http_protocol import HttpProtocol
from server.edge.socket_protocol import LONGEST_MESSAGE, SocketProtocol
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Caller

PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""

PROTOCOL = Subprotocol("graphql-transport-ws")


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str

    @property
    def url(self) -> str:
        """For requests."""
        return f"http://{self.address}/graphql"

    @property
    def socket_url(self) -> str:
        """For websockets."""
        return f"ws://{self.address}/graphql"


@dataclass(frozen=True)
class Stoppable(Served):
    """One in a thread of the test's process."""

    server: uvicorn.Server

    def stop(self) -> None:
        """As SIGTERM does."""
        self.server.should_exit = True


@contextmanager
def serving(settings: Settings, database_url: str) -> Iterator[Stoppable]:
    """A server of its own, as `mandant serve` has it."""
    with serving_app(create_app(settings, database_url)) as served:
        yield served


@contextmanager
def serving_app(application: ASGIApp, http: type[HttpProtocol] = HttpProtocol) -> Iterator[Stoppable]:
    """The application, served."""
    config = uvicorn.Config(
        application,
        http=http,
        ws=SocketProtocol,
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        timeout_graceful_shutdown=20,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Stoppable(f"127.0.0.1:{listener.getsockname()[1]}", server)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def without_cost(told: Any) -> Any:
    """A result, or a message with one, without what it cost, which is told at each time anew."""
    for result in (told, told.get("next") if isinstance(told, dict) else None):
        if isinstance(result, dict) and "cost" in (result.get("extensions") or {}):
            del result["extensions"]["cost"]
            if not result["extensions"]:
                del result["extensions"]
    return told


@dataclass
class Socket:
    """One connection."""

    connection: ClientConnection
    _waiting: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def send(self, **message: Any) -> None:
        """One message."""
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        """Begin an operation."""
        await self.send(id=id_, type="subscribe", payload={"query": query, "variables": variables})

    async def message(self) -> dict[str, Any]:
        """The next message of any operation."""
        async with asyncio.timeout(PATIENCE):
            found: dict[str, Any] = json.loads(await self.connection.recv())
        return found

    async def next_of(self, id_: str, type_: str = "next") -> Any:
        """The payload of the next message, which is of this operation and type."""
        message = await self.message()
        assert (message.get("id"), message["type"]) == (id_, type_), message
        return message.get("payload")

    async def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.connection.recv()
        except TimeoutError:
            return True
        return False

    async def closed(self) -> int | None:
        """The code that the server closes with; what comes before is dropped."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                return None if closed.rcvd is None else closed.rcvd.code


@asynccontextmanager
async def opened(served: Served, **options: Any) -> AsyncIterator[Socket]:
    """A socket of somebody who has not said who it is."""
    options.setdefault("subprotocols", [PROTOCOL])
    async with connect(served.socket_url, compression=None, **options) as connection:
        yield Socket(connection)


@asynccontextmanager
async def signed_in(served: Served, caller: Caller, **options: Any) -> AsyncIterator[Socket]:
    """A socket whose caller is acknowledged."""
    async with opened(served, **options) as found:
        payload = {"authorization": f"Bearer {caller.token}"}
        await found.send(type="connection_init", payload=payload)
        assert (await found.message())["type"] == "connection_ack"
        yield found
