"""Connections run out: the server's own, and those that PostgreSQL allows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from sqlalchemy import make_url, text

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.books import Books, Named
from tests.faults.limits import BACK_SECONDS, Footprint
from tests.faults.load import READ, RENAME_DOCUMENT, Load
from tests.faults.site import Site, serving

_CLIENTS = 40 if BY_NIGHT else 12
_HELD_SECONDS = 30.0 if BY_NIGHT else 0.0

_MANDANTS = "pg_stat_activity WHERE application_name = 'mandant'"


@asynccontextmanager
async def _all_writes_held(site: Site) -> AsyncIterator[None]:
    """Whoever writes waits for a lock, with a connection."""
    async with site.database.begin() as connection:
        await connection.execute(text("LOCK TABLE accounts IN EXCLUSIVE MODE"))
        yield


@asynccontextmanager
async def _no_connection_left(site: Site) -> AsyncIterator[None]:
    """PostgreSQL lets nobody in any more, and those in it have lost their connections."""
    role = make_url(site.addresses.application).username
    await _run(site, f"ALTER ROLE {role} CONNECTION LIMIT 1")
    await _run(site, f"SELECT pg_terminate_backend(pid) FROM {_MANDANTS}")
    yield
    await _run(site, f"ALTER ROLE {role} CONNECTION LIMIT -1")


async def _run(site: Site, statement: str) -> None:
    async with site.database.begin() as connection:
        await connection.execute(text(statement))


async def test_what_finds_no_connection_is_told_so(site: Site) -> None:
    """BUSY, and nothing was done. Reads go on where only writes wait."""
    books = await Books.open(site.world, _CLIENTS)
    settings = {"DATABASE_URL": site.addresses.application, "MANDANT_POOL_SIZE": "5"}
    async with serving(site.folder, **settings) as (server, url):
        async with Load(books, url).at_work() as load:
            await load.works()
            before = await Footprint.of(site, server)
            began = load.answers.now()
            async with _all_writes_held(site):
                await load.told("BUSY", began)
                await asyncio.sleep(_HELD_SECONDS)
            assert await load.back(load.answers.now()) < BACK_SECONDS
            assert set(load.answers.codes(began)) == {"BUSY"}
            assert load.answers.failed(READ, began) == set()

            began = load.answers.now()
            async with _no_connection_left(site):
                await load.ready_says("BUSY")
                await load.told("BUSY", began)
                await asyncio.sleep(_HELD_SECONDS)
            assert await load.back(load.answers.now()) < BACK_SECONDS
            await load.works()
            assert "BUSY" in load.answers.codes(began)
            assert set(load.answers.codes(began)) <= {"BUSY", "UNAVAILABLE"}
            (await Footprint.of(site, server)).has_not_grown(before)
        assert server.terminate() == 0
        assert "Traceback" not in server.errors
    await books.check(site.addresses.owner)


_END_ALL = """
CREATE FUNCTION end_all() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'mandant' AND pid <> pg_backend_pid();
  PERFORM pg_terminate_backend(pg_backend_pid());
  RETURN NULL;
END
$body$
"""
_AT_THE_COMMIT = """
CREATE CONSTRAINT TRIGGER end_all AFTER UPDATE ON accounts DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION end_all()
"""


async def test_a_commit_without_an_answer_is_not_told_to_be_refused(site: Site) -> None:
    """Although nobody can be asked any more whether the token is valid."""
    (named, *_) = (await Books.open(site.world, 1)).named
    role = make_url(site.addresses.application).username
    async with (
        serving(site.folder, DATABASE_URL=site.addresses.application) as (server, url),
        httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {named.owner.token}"}) as http,
    ):
        assert (await _renamed(http, named, "first")).status_code == 200  # the caller is known now
        for statement in (_END_ALL, _AT_THE_COMMIT, f"ALTER ROLE {role} CONNECTION LIMIT 0"):
            await _run(site, statement)
        refused = await _renamed(http, named, "second")
        await _run(site, f"ALTER ROLE {role} CONNECTION LIMIT -1")
        assert server.terminate() == 0
    (error,) = refused.json()["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("UNAVAILABLE", ["accountUpdate"])


async def _renamed(http: httpx.AsyncClient, named: Named, name: str) -> httpx.Response:
    values = {"accountId": named.account.id, "expectedVersion": named.version, "name": name}
    named.version += 1
    return await http.post("/graphql", json={"query": RENAME_DOCUMENT, "variables": {"input": values}})
