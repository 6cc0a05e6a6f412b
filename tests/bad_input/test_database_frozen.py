"""A database that hangs: every request is answered in bounded time, and all is back when it goes on."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path as Folder

import pytest

from server.database.migrate import migrate
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres
from server.settings.settings import Settings
from server.start.app import create_app
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.mutations import Token, attempt, done
from tests.concurrency.gates import Gate
from tests.database.frozen import frozen
from tests.database.readiness import ready_answers
from tests.engine.paths import Path
from tests.world.world import PASSWORD

pytestmark = by_night_alone

_WHO = "{ viewer { id } }"
_PATIENCE = 30.0
"""Seconds; for ever is what requests take where nobody gives up. It is 6 to 9 on a machine that is idle."""
_NEW = {"name": "Anna", "email": "anna@example.com", "password": PASSWORD, "accountName": "Agency"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Folder]:
    """Where the server to be frozen lives."""
    with tempfile.TemporaryDirectory(prefix="mandant-frozen-") as name:
        Folder(name).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        yield Folder(name)


@pytest.fixture(scope="module")
async def server(folder: Folder) -> AsyncIterator[DatabaseAddresses]:
    """It, migrated."""
    postgres = EmbeddedPostgres(folder, durable=False)
    addresses = postgres.start()
    await migrate(addresses.owner)
    yield addresses
    postgres.stop()


@pytest.fixture
async def its_api(server: DatabaseAddresses, settings: Settings) -> AsyncIterator[Api]:
    """The application on it."""
    app = create_app(settings, server.application)
    async with app.router.lifespan_context(app), Api.of(app) as found:
        yield found


def _data(folder: Folder) -> Folder:
    return (folder / "postgres").resolve() / "data"


async def test_every_request_is_answered_and_all_is_back(its_api: Api, folder: Folder) -> None:
    """More of them than there are connections; one that writes again and again; and `/readyz`."""
    made = await done(its_api, "signUp", None, "token account { id }", **_NEW)
    anna = Token(made["token"])
    change = {"accountId": made["account"]["id"], "expectedVersion": 1}
    fields = " ".join(
        f'c{number}: accountUpdate(input: {{accountId: "{made["account"]["id"]}", expectedVersion: 1, '
        f'name: "{number}"}}) {{ userErrors {{ code }} }}'
        for number in range(20)
    )
    await asyncio.gather(*[its_api.ask(path.of(_WHO), anna) for path in Path for _ in range(10)])
    with frozen(_data(folder)):
        async with asyncio.timeout(_PATIENCE):
            answers = await asyncio.gather(
                *[its_api.ask(path.of(_WHO), anna) for path in Path for _ in range(15)],
                *[its_api.ask(f"mutation {{ {fields} }}", anna) for _ in range(3)],
            )
        await ready_answers(its_api, 503)
        for answer in answers:
            assert set(answer.codes) <= {"UNAVAILABLE", "BUSY"}, answer
            assert answer.codes
        # Now that it is known to be silent, nobody waits for it: in less time than one is given up.
        async with asyncio.timeout(5):
            for query in (_WHO, Path.REFERENCE.of(_WHO), f"mutation {{ {fields} }}"):
                assert set((await its_api.ask(query, anna)).codes) == {"UNAVAILABLE"}
    await ready_answers(its_api, 200)
    for path in Path:
        assert (await its_api.ask(path.of(_WHO), anna)).codes == []
    assert (await attempt(its_api, "accountUpdate", anna, **change, name="New")).done


async def test_a_write_that_is_frozen_in_its_middle_is_undone(its_api: Api, folder: Folder) -> None:
    """Each of many in one request: the first is given up, the others do not wait as long as it did."""
    new = _NEW | {"email": "bert@example.com"}
    made = await done(its_api, "signUp", None, "token account { id }", **new)
    bert, account = Token(made["token"]), made["account"]["id"]
    change = {"accountId": account, "expectedVersion": 1, "name": "New"}
    field = f'accountUpdate(input: {{accountId: "{account}", expectedVersion: 1, name: "N"}})'
    # The change travels with what reads the name: without that, with COMMIT.
    fields = " ".join(f"c{number}: {field} {{ account {{ name }} }}" for number in range(20))
    gate = Gate("UPDATE accounts")
    writing = asyncio.create_task(gate.holding(its_api.ask(f"mutation {{ {fields} }}", bert)))
    await gate.reached()
    with frozen(_data(folder)):
        gate.open()
        async with asyncio.timeout(_PATIENCE):
            answer = await writing
    assert set(answer.codes) == {"UNAVAILABLE"}
    await ready_answers(its_api, 200)
    assert (await attempt(its_api, "accountUpdate", bert, **change)).done


async def test_a_process_ends_while_it_is_frozen(
    server: DatabaseAddresses, settings: Settings, folder: Folder
) -> None:
    """With connections open, and uses of keys to be written down."""
    app = create_app(settings, server.application)
    with ExitStack() as freezing:
        async with (
            asyncio.timeout(_PATIENCE),
            app.router.lifespan_context(app),
            Api.of(app) as api,
        ):
            new = _NEW | {"email": "carl@example.com"}
            carl = Token((await done(api, "signUp", None, "token", **new))["token"])
            await asyncio.gather(*[api.ask(path.of(_WHO), carl) for path in Path for _ in range(5)])
            freezing.enter_context(frozen(_data(folder)))
