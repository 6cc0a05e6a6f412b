"""What the server has no time for is asked again, and never taken for an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from authz.builtin_roles import BuiltinRole
from server.app import create_app
from server.embedded_postgres import DatabaseAddresses
from server.settings import Settings
from tests.isolation.patience import PatientApi, UnansweredError
from tests.world import World

_NAME = "query ($id: ID!) { account(id: $id) { name } }"


class _AwayAtFirst:
    """So many requests reach an application without a database, the others the one that has it."""

    def __init__(self, requests: int, away: ASGIApp, app: ASGIApp) -> None:
        self.left = requests
        self._away = away
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._away if self.left > 0 else self._app
        self.left -= 1
        await asked(scope, receive, send)


@pytest.fixture(scope="module")
def away(
    settings: Settings, addresses: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory
) -> Starlette:
    """The application with the address of no database."""
    nowhere: Path = tmp_path_factory.mktemp("nowhere")
    url = make_url(addresses.application).update_query_dict({"host": str(nowhere)})
    return create_app(settings, url.render_as_string(hide_password=False))


@asynccontextmanager
async def _asking(app: ASGIApp) -> AsyncIterator[PatientApi]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield PatientApi(http, pause=0)


@pytest.mark.parametrize(("requests", "answered"), [(0, True), (4, True), (5, False)])
async def test_it_is_asked_five_times(
    requests: int, answered: bool, away: Starlette, app: Starlette, world: World
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    at_first = _AwayAtFirst(requests, away, app)
    async with _asking(at_first) as api:
        if answered:
            assert await api.read(_NAME, owner, id=account.id) == {"account": {"name": account.name}}
        else:
            with pytest.raises(UnansweredError):
                await api.ask(_NAME, owner, id=account.id)
    assert at_first.left == (-1 if answered else 0)


async def test_a_null_that_is_meant_is_taken_at_once(app: Starlette, world: World) -> None:
    """NOT_FOUND is an answer."""
    account, stranger = await world.account(), await world.person()
    counted = _AwayAtFirst(0, app, app)
    async with _asking(counted) as api:
        answer = await api.ask(_NAME, stranger, id=account.id)
    assert (answer.data, answer.codes) == ({"account": None}, ["NOT_FOUND"])
    assert counted.left == -1
