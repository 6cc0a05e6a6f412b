"""The application with few connections, whose hashing thread a test can hold."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from unittest.mock import patch

from starlette.applications import Starlette

from server.embedded_postgres import DatabaseAddresses
from server.fairness.hashing import PasswordThread
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api

T = TypeVar("T")

_PATIENCE = 30
"""Seconds until a thread that is held is let go, and whoever waits for it is sent away: longer than any test
holds it."""


_READING = 40
"""Connections that may read, of which few are opened."""


class HeldHashing(PasswordThread):
    """As the application's, but that the thread stops before each work while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.works = 0
        """How many were asked for."""
        self._reached = asyncio.Event()
        self._open = threading.Event()
        self._open.set()

    async def run(self, work: Callable[[], T]) -> T:
        self.works += 1
        self._reached.set()

        def held() -> T:
            self._open.wait(_PATIENCE)
            return work()

        return await super().run(held)

    def hold(self) -> None:
        """Let the thread do nothing from now on."""
        self._reached.clear()
        self._open.clear()

    async def reached(self) -> None:
        """Wait until somebody wants something hashed."""
        async with asyncio.timeout(_PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        """Let the thread go on."""
        self._open.set()


class HeldApp:
    """The application, its hashing, and how it is asked."""

    def __init__(self, app: Starlette, hashing: HeldHashing, api: Api) -> None:
        self.app = app
        self.hashing = hashing
        self.api = api

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[Api]:
        """As it is asked from a network address."""
        async with Api.of(self.app, address) as found:
            yield found


@asynccontextmanager
async def held_app(
    settings: Settings, addresses: DatabaseAddresses, connections: int
) -> AsyncIterator[HeldApp]:
    """With so many connections that write."""
    with patch("server.fairness.hashing._PATIENCE", _PATIENCE):
        hashing = HeldHashing()
    # The whole of a caller's operations is bounded by the connections that read; here only passwords are.
    many = patch.object(Settings, "read_pool_size", _READING)
    with many, patch("server.graphql.runner.PasswordThread", lambda: hashing):
        app: Starlette = create_app(
            settings.model_copy(update={"pool_size": connections}), addresses.application
        )
    async with app.router.lifespan_context(app), Api.of(app) as api:
        yield HeldApp(app, hashing, api)
        hashing.open()
