"""A server without MANDANT_SECRET_KEYS: what needs them says so, all by one code, and all else works."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.bad_input.inputs import NOT_IN_SELF_SERVICE, inputs
from tests.bad_input.place import make_place, nowhere
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.client.places import new_place
from tests.world.world import World

_REFUSED = {
    "blockListAdd",
    "domainKeyReplace",
    "singleSignOnUpdate",
    "totpConfirm",
    "totpStart",
    "webhookCreate",
    "webhookSecretRotate",
}
"""What seals a secret, opens one, or signs. Of `domainAdd` and `messageEventsReport` it depends on the input:
sending domains and complaints need keys."""
_OTHERS = sorted(inputs(nowhere()).keys() - NOT_IN_SELF_SERVICE - _REFUSED)


@pytest.fixture(scope="module")
async def keyless_app(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Starlette]:
    """A server that has no keys."""
    without = settings.model_copy(update={"secret_keys": None, "database_url": addresses.application})
    app = create_app(without, addresses.application)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def keyless(keyless_app: Starlette) -> AsyncIterator[Api]:
    """Its API, asked from a place of its own."""
    async with Api.of(keyless_app, new_place()) as found:
        yield found


@pytest.mark.parametrize("mutation", [*sorted(_REFUSED), *one_in(12, _OTHERS)])
async def test_what_needs_the_keys_says_so(api: Api, keyless: Api, world: World, mutation: str) -> None:
    """By a refusal that names the setting, behind which nothing was changed."""
    place = await make_place(api, world)
    before = await world.state(place.master)
    made = await attempt(keyless, mutation, place.caller(mutation), **inputs(place)[mutation])
    if mutation not in _REFUSED:
        assert made.code != "SECRETS_UNAVAILABLE"
        assert not made.answer.errors, made
        return
    assert made.user_error is not None, made
    assert made.code == "SECRETS_UNAVAILABLE"
    assert "MANDANT_SECRET_KEYS" in made.user_error["message"]
    assert await world.state(place.master) == before
