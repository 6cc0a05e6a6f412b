"""What is told of a replica, and what is done without it."""

import asyncio
from typing import Any

import httpx

from authz.builtin_roles import BuiltinRole
from server.app import create_app
from server.embedded_postgres import DatabaseAddresses
from server.settings import Settings
from tests.api import Api
from tests.freshness.replica import Replica
from tests.resolvers.mutations import done
from tests.world import World

NOWHERE = "postgresql://mandant@/mandant?host=/nowhere&port=5432"
_PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""
NAME = "query ($id: ID!) { account(id: $id) { name } }"


async def _ready(http: httpx.AsyncClient, replica: str | None = None) -> Any:
    """What is answered, once the replica is said to be so: what was found is kept for a second."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            response = await http.get("/readyz")
            assert response.status_code == 200
            answer = response.json()
            if replica is None or answer["replica"]["status"] == replica:
                return answer
            await asyncio.sleep(0.1)


async def test_a_replica_that_lags_is_told_of(
    replicated_api: Api, replica: Replica, replicated: World
) -> None:
    account = await replicated.account(name="Before")
    owner = await replicated.member(account, BuiltinRole.OWNER)
    await replica.caught_up()
    http = replicated_api.http
    async with replica.behind():
        before = await _ready(http)
        assert before["replica"]["changesUntil"] is not None
        values = {"accountId": account.id, "expectedVersion": 1, "name": "After"}
        await done(replicated_api, "accountUpdate", owner, **values)
        await replica.told()
        behind = await _ready(http, "behind")
        assert behind == {
            "status": "ready",
            "replica": {"status": "behind", "changesUntil": before["replica"]["changesUntil"]},
        }
    await replica.caught_up()
    assert (await _ready(http, "current"))["replica"]["changesUntil"] > behind["replica"]["changesUntil"]


async def test_without_a_replica_nothing_is_told(api: Api) -> None:
    assert await _ready(api.http) == {"status": "ready"}


async def test_a_replica_that_is_away_is_told_of_and_missed_by_nobody(
    addresses: DatabaseAddresses, settings: Settings, world: World
) -> None:
    account = await world.account(name="There")
    owner = await world.member(account, BuiltinRole.OWNER)
    app = create_app(settings.model_copy(update={"read_url": NOWHERE}), addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        assert (await _ready(api.http))["replica"] == {"status": "away", "changesUntil": None}
        assert (await api.read(NAME, owner, id=account.id))["account"] == {"name": "There"}


async def test_a_primary_in_the_place_of_a_replica_is_told_of(
    addresses: DatabaseAddresses, settings: Settings, world: World
) -> None:
    app = create_app(settings.model_copy(update={"read_url": addresses.application}), addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        assert (await _ready(api.http))["replica"] == {"status": "no replica", "changesUntil": None}
