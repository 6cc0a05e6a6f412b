"""A PostgreSQL of the test's own, whose processes may be killed, and `mandant` on it."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_owner
from server.database.migrate import migrate
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres
from server.embedded_postgres.postmaster import find_postmaster
from tests.server.start.processes import Running, running
from tests.waiting import until
from tests.world.world import World

_CONNECTED = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mandant'")
_ADDRESS = re.compile(r"http://[\d.:]+")


@dataclass
class Site:
    """`addresses`: of its database. What is acknowledged there is on the disk."""

    folder: Path
    postgres: EmbeddedPostgres
    addresses: DatabaseAddresses
    database: AsyncEngine
    """As its owner."""

    @property
    def world(self) -> World:
        """Makes accounts and people there."""
        return World(self.database)

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return (self.folder / "postgres").resolve() / "data"

    @property
    def postmaster(self) -> int:
        """The id of PostgreSQL's first process."""
        found = find_postmaster(self.data)
        assert found is not None
        return found.pid

    def backends(self) -> list[int]:
        """The ids of its other processes."""
        first = self.postmaster
        listed = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [int(pid) for pid in listed.split()]

    async def kill_backend(self, pid: int) -> None:
        """Kill one of its other processes, and wait until its first one has noticed, and ended all others."""
        others = set(self.backends())
        os.kill(pid, signal.SIGKILL)
        await until(lambda: others.isdisjoint(self.backends()))

    async def end_postgres(self, with_signal: signal.Signals) -> None:
        """Send its first process a signal that ends it, and wait until it has."""
        os.kill(self.postmaster, with_signal)
        await until(lambda: find_postmaster(self.data) is None)

    async def start_postgres(self) -> None:
        """Start it again at the same addresses."""
        await asyncio.to_thread(self.postgres.start_again)

    async def answers(self) -> None:
        """Wait until its owner can connect anew."""
        await until(self._lets_in)

    async def _lets_in(self) -> bool:
        await self.database.dispose()  # one that is open may be about to end
        try:
            async with self.database.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (OSError, SQLAlchemyError, asyncpg.PostgresError):
            return False
        return True

    async def connected(self) -> int:
        """How many connections Mandant's processes have."""
        await self.answers()
        async with self.database.connect() as connection:
            return int((await connection.execute(_CONNECTED)).scalar_one())


@asynccontextmanager
async def site_in(folder: Path) -> AsyncIterator[Site]:
    """A site in that folder, migrated."""
    postgres = EmbeddedPostgres(folder)
    addresses = await asyncio.to_thread(postgres.start)
    await migrate(addresses.owner)
    database = connect_as_owner(addresses.owner)
    try:
        yield Site(folder, postgres, addresses, database)
    finally:
        await database.dispose()
        await asyncio.to_thread(postgres.stop)


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """A folder that also the account may enter that PostgreSQL runs as. No server outlives the block."""
    folder = Path(tempfile.mkdtemp(prefix="mandant-faults-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for data in folder.glob("**/postgres/data"):
            left = find_postmaster(data.resolve())
            if left is not None:
                os.kill(left.pid, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def copy_database(source: Path, target: Path) -> None:
    """Copy a folder's embedded database, which nobody uses, with its owners."""
    subprocess.run(["cp", "-a", f"{source}/.", target], check=True)


@asynccontextmanager
async def serving(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[tuple[Running, str]]:
    """`mandant serve` in the folder, and where it answers."""
    with running(folder, "serve", *arguments, **{"PORT": "0"} | environment) as server:
        yield server, await address_of(server)


async def address_of(server: Running) -> str:
    """Where it answers, once it does."""
    found = _ADDRESS.search(await asyncio.to_thread(server.wait_for, "/graphql"))
    assert found is not None
    return found[0]


def open_files(process: int) -> int:
    """How many files and connections a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def resident_bytes(process: int) -> int:
    """How much memory it takes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
