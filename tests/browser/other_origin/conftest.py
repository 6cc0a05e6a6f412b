"""An API that pages of one other origin may call, on a database of its own, as a cycle is billed in it; and
the pages, of the origin that may and of one that may not."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from server.embedded_postgres import DatabaseAddresses
from tests.browser.server import run_server
from tests.database.own_database import api, application, own, owner_engine, world

__all__ = ["api", "application", "own", "owner_engine", "world"]


class _BlankPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>An app</title>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def _app() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _BlankPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def own_app() -> Iterator[str]:
    """The origin whose pages may call."""
    with _app() as origin:
        yield origin


@pytest.fixture
def foreign_app() -> Iterator[str]:
    """One whose pages may not."""
    with _app() as origin:
        yield origin


@pytest.fixture
def server_url(own: DatabaseAddresses, own_app: str) -> Iterator[str]:
    """The API's address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    key = SecretStr("a secret of the tests")
    running = run_server(port, own.application, allowed_origins=own_app, contact_key=key)
    yield running.url
    running.stop()


@pytest.fixture
async def clock(owner_engine: AsyncEngine) -> AsyncIterator[Clock]:
    """Its clock."""
    found = Clock(owner_engine)
    yield found
    await found.reset()
