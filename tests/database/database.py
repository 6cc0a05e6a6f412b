"""One embedded server for the whole run, one cloned database for each worker."""

import asyncio
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from server.database.migrate import migrate
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres
from tests.database.data_parts import data_tables_in_parts

TEMPLATE = "mandant_template"


class TestServer:
    """Started by the process that controls the run; the workers are told its addresses."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mandant-tests-")
        Path(self._folder.name).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        self._postgres = EmbeddedPostgres(Path(self._folder.name), durable=False)

    def start(self) -> DatabaseAddresses:
        """Start it, and migrate the template."""
        addresses = self._postgres.start()
        asyncio.run(_make_template(addresses.owner))
        return addresses

    def stop(self) -> None:
        """Stop it and remove its data."""
        self._postgres.stop()
        self._folder.cleanup()


def named(url: str, database: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


async def clone(owner: str, template: str = TEMPLATE) -> str:
    """Make a database of one's own as another one is to which nobody is connected; a migrated one, if none is
    named. Its name."""
    name = f"test_{uuid4().hex}"
    await _run(owner, f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


async def deadlocks(owner: str, name: str) -> int:
    """How often PostgreSQL ended a transaction of the database because two waited for each other."""
    connection = await asyncpg.connect(owner)
    try:
        counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = $1"
        return int(await connection.fetchval(counted, name))
    finally:
        await connection.close()


async def drop(owner: str, name: str) -> None:
    """Remove a database, whoever is still connected."""
    await _run(owner, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _make_template(owner: str) -> None:
    await _run(owner, f"CREATE DATABASE {TEMPLATE}")
    with data_tables_in_parts():
        await migrate(named(owner, TEMPLATE))
    await _run(owner, f"ALTER DATABASE {TEMPLATE} WITH is_template true allow_connections false")


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
