"""A gateway of SMS, and an account that it tells of."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.fixtures import nothing_breaks
from tests.server.feedback.sms_gateway import SECRET, Gateway, Shop, make_shop
from tests.world.world import World

__all__ = ["nothing_breaks"]


@pytest.fixture(scope="module")
async def gateway(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Gateway]:
    own = settings.model_copy(update={"sms_secret": SecretStr(SECRET.decode())})
    app = create_app(own, addresses.application)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    async with app.router.lifespan_context(app), client:
        yield Gateway(client)


@pytest.fixture
async def shop(world: World) -> Shop:
    return await make_shop(world)
