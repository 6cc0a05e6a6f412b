"""What is told of a replica, and what is done without it."""

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.readiness import ready_answers
from tests.freshness.replica import Replica
from tests.world.world import World

pytestmark = by_night_alone

NOWHERE = "postgresql://mandant@/mandant?host=/nowhere&port=5432"
NAME = "query ($id: ID!) { account(id: $id) { name } }"


async def test_a_replica_that_lags_is_told_of(
    replicated_api: Api, replica: Replica, replicated: World
) -> None:
    account = await replicated.account(name="Before")
    owner = await replicated.member(account, BuiltinRole.OWNER)
    await replica.caught_up()
    async with replica.behind():
        before = await ready_answers(replicated_api, 200)
        assert before["replica"]["changesUntil"] is not None
        values = {"accountId": account.id, "expectedVersion": 1, "name": "After"}
        await done(replicated_api, "accountUpdate", owner, **values)
        await replica.told()
        behind = await ready_answers(replicated_api, 200, "behind")
        assert behind == {
            "status": "ready",
            "replica": {"status": "behind", "changesUntil": before["replica"]["changesUntil"]},
        }
    await replica.caught_up()
    current = await ready_answers(replicated_api, 200, "current")
    assert current["replica"]["changesUntil"] > behind["replica"]["changesUntil"]


async def test_without_a_replica_nothing_is_told(api: Api) -> None:
    assert await ready_answers(api, 200) == {"status": "ready"}


async def test_a_replica_that_is_away_is_told_of_and_missed_by_nobody(
    addresses: DatabaseAddresses, settings: Settings, world: World
) -> None:
    account = await world.account(name="There")
    owner = await world.member(account, BuiltinRole.OWNER)
    app = create_app(settings.model_copy(update={"read_url": NOWHERE}), addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        assert (await ready_answers(api, 200))["replica"] == {"status": "away", "changesUntil": None}
        assert (await api.read(NAME, owner, id=account.id))["account"] == {"name": "There"}


async def test_a_primary_in_the_place_of_a_replica_is_told_of(
    addresses: DatabaseAddresses, settings: Settings, world: World
) -> None:
    app = create_app(settings.model_copy(update={"read_url": addresses.application}), addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        assert (await ready_answers(api, 200))["replica"] == {"status": "no replica", "changesUntil": None}
