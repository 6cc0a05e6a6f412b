"""The demo that all pages start from."""

from collections.abc import AsyncIterator

import pytest

from server.embedded_postgres import DatabaseAddresses
from tests.documentation.deployment import Demo, Deployment, deployed, made_demo


@pytest.fixture(scope="session")
async def demo(addresses: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with made_demo(addresses, tmp_path_factory) as made:
        yield made


@pytest.fixture
async def deployment(demo: Demo) -> AsyncIterator[Deployment]:
    async with deployed(demo) as found:
        yield found
