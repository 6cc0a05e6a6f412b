"""A fail-over that loses changes: their revisions are never taken for contained."""

from sqlalchemy import make_url

from authz.policy.builtin_roles import BuiltinRole
from engine.database.driver import DriverConnection
from server.database.connecting import connect
from server.settings.settings import Settings
from server.start.app import create_app
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.freshness.replica import Replica
from tests.world.world import World

pytestmark = by_night_alone

NAME = "query ($id: ID!) { account(id: $id) { name } }"


def _number(revision: str) -> int:
    """The transaction's."""
    return int(revision.rpartition("-")[2] or 0)


async def test_the_primary_is_found_among_several_servers(replica: Replica) -> None:
    first, second = (make_url(url) for url in (replica.addresses.application, replica.primary.application))
    hosts = {"host": f"{first.query['host']},{second.query['host']}", "port": "5432"}
    url = second.set(query={**hosts, "target_session_attrs": "read-write"})
    settings = {"default_transaction_read_only": "on"}
    connection = await connect(url.render_as_string(hide_password=False), settings, DriverConnection)
    assert await connection.fetchval("SELECT pg_is_in_recovery()") is False
    connection.terminate()


async def test_a_revision_that_was_lost_is_unknown(
    replicated_api: Api, replica: Replica, replicated: World, settings: Settings
) -> None:
    """The number of its transaction is another's on the new primary, which has replayed nothing of it."""
    account = await replicated.account(name="Before")
    owner = await replicated.member(account, BuiltinRole.OWNER)
    await replica.caught_up()
    await replica.cut_off()
    values = {"accountId": account.id, "expectedVersion": 1, "name": "Lost"}
    lost = (await done(replicated_api, "accountUpdate", owner, "authzRevision", **values))["authzRevision"]
    version = 1
    await replica.promote()
    app = create_app(settings, replica.addresses.application)
    async with app.router.lifespan_context(app), Api.of(app) as api:
        revision = ""
        while _number(revision) < _number(lost):
            values = {"accountId": account.id, "expectedVersion": version, "name": f"Kept {version}"}
            kept = await done(api, "accountUpdate", owner, "authzRevision", **values)
            revision, version = kept["authzRevision"], version + 1
        for path in Path:
            fresh = api.at_least(revision)
            assert (await fresh.read(path.of(NAME), owner, id=account.id))["account"] == {
                "name": values["name"]
            }
            answer = await api.at_least(lost).ask(path.of(NAME), owner, id=account.id)
            assert (answer.status, answer.codes) == (400, ["REVISION_UNKNOWN"])
