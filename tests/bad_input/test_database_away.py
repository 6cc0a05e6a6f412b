"""A database that goes away: told as UNAVAILABLE, nothing half-written, and used again when it is back."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path as Folder

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.columns import APPLICATION_ROLE
from server.database.migrate import migrate
from server.embedded_postgres import EmbeddedPostgres
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.effects.log import mails_to
from tests.bad_input.place import make_place, stored
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, done
from tests.concurrency.gates import Gate
from tests.database.readiness import ready_answers
from tests.engine.paths import Path
from tests.world.world import PASSWORD, World

_WHO = "{ viewer { id } }"


async def _end_all_connections(database: AsyncEngine) -> int:
    """As an administrator, a fail-over or a restart does. How many there were."""
    statement = text(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
        "WHERE usename = :role AND datname = current_database()"
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement, {"role": APPLICATION_ROLE})).scalar_one())


async def test_a_write_whose_connection_ends_is_not_half_done(
    api: Api, world: World, database: AsyncEngine
) -> None:
    place = await make_place(api, world)
    before = await stored(world, place)
    change = {"accountId": place.account.id, "expectedVersion": 1, "name": "New"}
    gate = Gate("INSERT INTO events")
    writing = asyncio.create_task(gate.holding(attempt(api, "accountUpdate", place.above, **change)))
    await gate.reached()
    assert await _end_all_connections(database) > 0
    gate.open()
    ended = await writing
    assert (ended.answer.status, ended.code, ended.answer.data) == (503, "UNAVAILABLE", None)
    assert await stored(world, place) == before
    assert (await attempt(api, "accountUpdate", place.above, **change)).done


async def test_an_invitation_whose_connection_ends_is_sent_once_when_it_is_tried_again(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    email = f"guest-{account.key.hex}@example.com"
    offer = {"accountId": account.id, "email": email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    gate = Gate("INSERT INTO idempotency_records")
    sending = asyncio.create_task(
        gate.holding(attempt(api, "memberInvite", owner, **offer, idempotencyKey="1"))
    )
    await gate.reached()
    await _end_all_connections(database)
    gate.open()
    assert (await sending).code == "UNAVAILABLE"
    assert await mails_to(database, email) == []
    again = await done(api, "memberInvite", owner, "replayed", **offer, idempotencyKey="1")
    assert again["replayed"] is False
    assert len(await mails_to(database, email)) == 1


async def test_a_read_whose_connection_ends_says_so(api: Api, world: World, database: AsyncEngine) -> None:
    """Field by field, the snapshot is lost; nothing of another moment is put in its place."""
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    query = Path.REFERENCE.of("{ viewer { id accounts { nodes { id } totalCount } } }")
    gate = Gate("count(*)")
    reading = asyncio.create_task(gate.holding(api.ask(query, owner)))
    await gate.reached()
    await _end_all_connections(database)
    gate.open()
    answer = await reading
    assert set(answer.codes) == {"UNAVAILABLE"}
    assert (answer.data or {}).get("viewer") is None
    assert (await api.ask(query, owner)).codes == []


@pytest.mark.parametrize("path", Path)
async def test_connections_that_ended_between_two_requests_are_not_noticed(
    api: Api, world: World, database: AsyncEngine, path: Path
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    query = path.of(_WHO)
    for version in (1, 2):
        answers = await asyncio.gather(*[api.ask(query, owner) for _ in range(5)])
        assert [answer.codes for answer in answers] == [[]] * 5
        assert await _end_all_connections(database) > 0
        assert (await api.ask(query, owner)).codes == []
        await _end_all_connections(database)
        change = {"accountId": account.id, "expectedVersion": version, "name": f"Name {version}"}
        assert (await attempt(api, "accountUpdate", owner, **change)).done


async def test_under_load_each_request_is_done_or_told(api: Api, world: World, database: AsyncEngine) -> None:
    """What was told to be done is done; what was told to be away may be tried again."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    children = [await world.account(master) for _ in range(12)]

    async def end_connections() -> None:
        for _ in range(4):
            await asyncio.sleep(0.03)
            await _end_all_connections(database)

    changes = [{"accountId": child.id, "expectedVersion": 1, "name": "New"} for child in children]
    ending = asyncio.create_task(end_connections())
    attempts = await asyncio.gather(*[attempt(api, "accountUpdate", owner, **change) for change in changes])
    reads = await asyncio.gather(*[api.ask(_WHO, owner) for _ in range(12)])
    await ending
    assert {found.code for found in attempts} <= {"", "UNAVAILABLE"}
    assert {code for answer in reads for code in answer.codes} <= {"UNAVAILABLE"}
    again = await asyncio.gather(*[attempt(api, "accountUpdate", owner, **change) for change in changes])
    for first, second in zip(attempts, again, strict=True):
        # A commit whose answer was lost is found to be done.
        assert second.code in ({"CONFLICT"} if first.done else {"", "CONFLICT"})
    query = "query ($id: ID!) { account(id: $id) { subaccounts { nodes { name version } } } }"
    found = (await api.read(query, owner, id=master.id))["account"]["subaccounts"]["nodes"]
    assert found == [{"name": "New", "version": 2}] * 12


@pytest.fixture(scope="module")
def other_server() -> Iterator[EmbeddedPostgres]:
    """A server of our own, to be stopped and started."""
    with tempfile.TemporaryDirectory(prefix="mandant-away-") as name:
        folder = Folder(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as somebody else
        server = EmbeddedPostgres(folder, durable=False)
        yield server
        server.stop()


@pytest.fixture
async def on_other_server(other_server: EmbeddedPostgres, settings: Settings) -> AsyncIterator[Api]:
    """The application on that server, which is stopped when the test begins."""
    addresses = await asyncio.to_thread(other_server.start)
    await migrate(addresses.owner)
    await asyncio.to_thread(other_server.stop)
    app = create_app(settings, addresses.application)
    async with app.router.lifespan_context(app), Api.of(app) as found:
        yield found


async def test_a_server_that_is_stopped_and_started_again(
    on_other_server: Api, other_server: EmbeddedPostgres
) -> None:
    """Down when the process starts, then up, down and up again: the process itself is never restarted."""
    api = on_other_server
    new = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD, "accountName": "Agency"}
    await _assert_away(api)
    addresses = await asyncio.to_thread(other_server.start)
    made = await done(api, "signUp", None, "token user { id }", **new)
    await _assert_there(api, made["token"])
    await asyncio.to_thread(other_server.stop)
    await _assert_away(api, made["token"])
    assert await asyncio.to_thread(other_server.start) == addresses
    await _assert_there(api, made["token"])


async def _assert_away(api: Api, token: str | None = None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    sign_in = 'mutation { signIn(input: {email: "anna@example.com", password: "x"}) { userErrors { code } } }'
    for query in (sign_in, *([] if token is None else [_WHO, Path.REFERENCE.of(_WHO)])):
        response = await api.http.post("/graphql", json={"query": query}, headers=headers)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "anna" not in response.text
    await ready_answers(api, 503)
    assert (await api.http.get("/healthz")).status_code == 200


async def _assert_there(api: Api, token: str) -> None:
    for path in Path:
        response = await api.http.post(
            "/graphql", json={"query": path.of(_WHO)}, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.json()["data"]["viewer"] is not None
    await ready_answers(api, 200)
