"""How long a stopping server waits for a request."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from server.start.stopping import StoppingServer

_ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_whoever_has_not_asked_yet_gets_more_time() -> None:
    with _stopping(ConnectionLimits(first_seconds=5.0, last_seconds=0.01), [b"", _ASKED]) as [new, served]:
        assert served.recv(1) == b""
        new.sendall(_ASKED)
        assert new.recv(10_000).endswith(b"answered")
        assert new.recv(1) == b""


@contextmanager
def _stopping(limits: ConnectionLimits, asked_before: Sequence[bytes]) -> Iterator[list[socket.socket]]:
    """Connections of a server that ends. `asked_before`: what each has asked it before."""
    of_server = limits

    class Limited(HttpProtocol):
        limits = of_server

    application = Starlette(routes=[Route("/", _answered)])
    config = uvicorn.Config(
        application, http=Limited, loop="uvloop", log_config=None, lifespan="off", ws="none"
    )
    server, listener = StoppingServer(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    clients = [socket.create_connection(listener.getsockname(), timeout=10) for _ in asked_before]
    try:
        for client, asked in zip(clients, asked_before, strict=True):
            client.sendall(asked)
            assert not asked or client.recv(10_000).endswith(b"answered")
        server.should_exit = True
        yield clients
    finally:
        for client in clients:
            client.close()
        server.should_exit = True
        thread.join()


async def _answered(request: Request) -> Response:
    return PlainTextResponse("answered")
