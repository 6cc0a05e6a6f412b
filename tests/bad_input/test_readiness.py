"""What `/readyz` and requests say of a database that is there, and cannot be used."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import make_url
from structlog.testing import capture_logs

from authz.policy.builtin_roles import BuiltinRole
from server.database.readiness import KeptReadiness, Readiness
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.database.database import named
from tests.database.own_database import api as api
from tests.database.own_database import own as own
from tests.database.own_database import owner_engine as owner_engine
from tests.database.own_database import world as world
from tests.database.readiness import ready_answers
from tests.world.world import World

_WHO = "{ viewer { id } }"
_END_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = 'mandant_application'"
)
_SIGN_IN = 'mutation { signIn(input: {email: "anna@example.com", password: "x"}) { userErrors { code } } }'


_PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""


@asynccontextmanager
async def _changed(url: str, statements: str, undo: str) -> AsyncIterator[None]:
    await _run(url, statements)
    try:
        yield
    finally:
        await _run(url, undo)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.05)


async def _run(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def test_a_database_that_became_read_only(api: Api, world: World, own: DatabaseAddresses) -> None:
    """As a primary that was made a replica: changes are refused, and made again as soon as it takes them."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    change = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    name = make_url(own.owner).database
    read_only = f"ALTER DATABASE {name} SET default_transaction_read_only = on; {_END_CONNECTIONS}"
    undo = f"SET transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only"
    await ready_answers(api, 200)
    async with _changed(own.owner, read_only, f"BEGIN; {undo}; COMMIT"):
        refused = await attempt(api, "accountUpdate", owner, **change)
        assert (refused.answer.status, refused.code) == (503, "UNAVAILABLE")
        assert "takes no changes" in refused.answer.errors[0]["message"]
        told = await ready_answers(api, 503)
        assert (told["code"], "read only" in told["reason"]) == ("UNAVAILABLE", True)
        assert (await api.ask(_WHO, owner)).codes == []
    await ready_answers(api, 200)
    # A connection is not replaced in the moment after it was opened.
    async with asyncio.timeout(_PATIENCE):
        while not (made := await attempt(api, "accountUpdate", owner, **change)).done:
            assert made.code == "UNAVAILABLE"


async def test_a_full_disk(api: Api, world: World, own: DatabaseAddresses) -> None:
    """As PostgreSQL raises it where a table cannot grow: changes are refused, and reads answered."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    change = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    full = (
        "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER fill BEFORE UPDATE ON accounts EXECUTE FUNCTION fill()"
    )
    async with _changed(own.owner, full, "DROP TRIGGER fill ON accounts; DROP FUNCTION fill()"):
        refused = await attempt(api, "accountUpdate", owner, **change)
        assert (refused.answer.status, refused.code) == (503, "STORAGE_FULL")
        assert (await ready_answers(api, 503))["code"] == "STORAGE_FULL"
        assert (await api.ask(_WHO, owner)).codes == []
    assert (await attempt(api, "accountUpdate", owner, **change)).done
    await ready_answers(api, 200)


async def test_a_database_that_does_not_exist(addresses: DatabaseAddresses, settings: Settings) -> None:
    app = create_app(settings, named(addresses.application, "nowhere"))
    async with app.router.lifespan_context(app), Api.of(app) as nowhere:
        answer = await nowhere.ask(_SIGN_IN)
        assert (answer.status, answer.codes) == (503, ["NOT_SET_UP"])
        told = await ready_answers(nowhere, 503)
        assert (told["code"], told["reason"]) == ("NOT_SET_UP", "The server's database does not exist.")


async def test_an_outage_leaves_one_line_a_second(settings: Settings) -> None:
    """However many requests there are; the rest are counted, and no traceback is written."""
    app = create_app(settings, "postgresql://mandant@/mandant?host=/nowhere&port=5432")
    async with app.router.lifespan_context(app), Api.of(app) as away:
        with capture_logs() as lines:
            for _ in range(5):  # so many as may wait for a password to be looked at
                answers = await asyncio.gather(*[away.ask(_SIGN_IN) for _ in range(20)])
                assert {code for answer in answers for code in answer.codes} == {"UNAVAILABLE"}
            await _until(lambda: _told(lines) >= 100)
    written = [line for line in lines if line["event"] == "database failure"]
    assert len(written) < 50
    assert not any("exc_info" in line for line in lines)


def _told(lines: Sequence[Mapping[str, Any]]) -> int:
    """Of how many failures the lines tell."""
    return sum(1 + int(line.get("left_out", 0)) for line in lines if line["event"] == "database failure")


async def test_many_who_ask_have_one_look() -> None:
    """100 at once, one of whom goes: the others are answered all the same."""
    looks = 0

    async def look() -> Readiness:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)
        return Readiness(None)

    kept = KeptReadiness(look)
    asking = [asyncio.create_task(kept.get()) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()
    assert await asyncio.gather(*asking[1:]) == [Readiness(None)] * 99
    assert looks == 1
