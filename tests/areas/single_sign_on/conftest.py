"""A provider, and a company that uses it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.single_sign_on.company import Company, company_of
from tests.areas.single_sign_on.provider import Provider, provider
from tests.client.api import Api
from tests.world.world import World


@pytest.fixture(scope="module", name="issuer")
def _issuer() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture(scope="module", name="sso_app")
async def _sso_app(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Starlette]:
    """The application, which may ask issuers on loopback."""
    allowed = {"private_issuers": True, "app_url": "https://app.example"}
    app = create_app(settings.model_copy(update=allowed), addresses.application)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module", name="sso")
async def _sso(sso_app: Starlette) -> AsyncIterator[Api]:
    async with Api.of(sso_app) as found:
        yield found


@pytest.fixture
async def company(sso: Api, world: World, issuer: Provider, sso_app: Starlette) -> Company:
    return await company_of(sso, world, issuer, sso_app)
