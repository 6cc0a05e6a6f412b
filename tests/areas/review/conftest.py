"""The application where accounts send only once they are approved."""

from collections.abc import AsyncIterator

import pytest

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.review.reviewing import reviewing_api
from tests.client.api import Api


@pytest.fixture(scope="package")
async def reviewing(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """MANDANT_REVIEW is REQUIRED."""
    async with reviewing_api(settings, addresses.application) as api:
        yield api
