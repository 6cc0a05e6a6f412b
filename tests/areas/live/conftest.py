"""A server for the tests of this folder."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import Served, serving


@pytest.fixture(scope="package")
async def served(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Served]:
    """The application on the worker's database."""
    running = serving(settings, addresses.application)
    yield await asyncio.to_thread(running.__enter__)
    await asyncio.to_thread(running.__exit__, None, None, None)
