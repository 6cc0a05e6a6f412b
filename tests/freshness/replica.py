"""A streaming replica of an embedded server, and a way to keep it behind."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg
from sqlalchemy import make_url

from server.embedded_postgres import DatabaseAddresses
from server.embedded_postgres.account import choose_account
from server.embedded_postgres.cluster import Cluster
from server.embedded_postgres.folders import open_home, open_socket_folder
from server.embedded_postgres.programs import find_programs

_PATIENCE = 60.0
"""Seconds; other tests run on the same machine."""


@dataclass(frozen=True)
class Replica:
    """The running replica. `addresses` are of the same database as the primary's."""

    primary: DatabaseAddresses
    addresses: DatabaseAddresses
    cluster: Cluster

    @asynccontextmanager
    async def behind(self) -> AsyncIterator[None]:
        """Nothing more is replayed meanwhile; then all of it is."""
        await self.caught_up()
        await _run(self.addresses.owner, "SELECT pg_wal_replay_pause()")
        try:
            await _until(self.addresses.owner, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
            yield
        finally:
            await _run(self.addresses.owner, "SELECT pg_wal_replay_resume()")
            await self.caught_up()

    async def cut_off(self) -> None:
        """It receives nothing more."""
        await _run(self.addresses.owner, "ALTER SYSTEM SET primary_conninfo = ''")
        await _run(self.addresses.owner, "SELECT pg_reload_conf()")
        await _until(self.addresses.owner, "SELECT count(*) = 0 FROM pg_stat_wal_receiver")

    async def promote(self) -> None:
        """Make it a primary."""
        await _run(self.addresses.owner, f"SELECT pg_promote(true, {_PATIENCE:.0f})")

    async def told(self) -> None:
        """Wait until the primary has written down all that was done: in tests it does so a little later."""
        done = await _run(self.primary.owner, "SELECT pg_current_wal_insert_lsn()::text")
        await _until(self.primary.owner, f"SELECT pg_current_wal_lsn() >= '{done}'")

    async def caught_up(self) -> None:
        """Wait until all is replayed that was written."""
        written = await _run(self.primary.owner, "SELECT pg_current_wal_insert_lsn()::text")
        await _until(self.addresses.owner, f"SELECT pg_last_wal_replay_lsn() >= '{written}'")


@asynccontextmanager
async def replica_of(primary: DatabaseAddresses) -> AsyncIterator[Replica]:
    """A replica that streams from the primary."""
    rules = Path(await _run(primary.owner, "SHOW hba_file"))
    await asyncio.to_thread(_let_replicas_in, rules)
    await _run(primary.owner, "SELECT pg_reload_conf()")
    with tempfile.TemporaryDirectory(prefix="mandant-replica-") as folder:
        cluster, sockets = await asyncio.to_thread(_launch, primary, Path(folder))
        addresses = DatabaseAddresses(_at(primary.owner, sockets), _at(primary.application, sockets))
        try:
            yield Replica(primary, addresses, cluster)
        finally:
            await asyncio.to_thread(cluster.shut_down)


def _let_replicas_in(rules: Path) -> None:
    with rules.open("a") as file:
        file.write("local replication all scram-sha-256\n")


def _launch(primary: DatabaseAddresses, folder: Path) -> tuple[Cluster, Path]:
    folder.chmod(0o755)  # as root, PostgreSQL runs as somebody else
    account = choose_account(folder, folder / "postgres" / "data")
    home = open_home(folder, account)
    cluster = Cluster(home, find_programs(home, account))
    _copy(primary, cluster)
    sockets = open_socket_folder(folder, "replica", account)
    with cluster.alone() as lock:
        cluster.launch(sockets, lock, durable=False)
    return cluster, sockets


def _copy(primary: DatabaseAddresses, cluster: Cluster) -> None:
    url = make_url(primary.owner)
    source = f"host={url.query['host']} port=5432 user={url.username} password={url.password}"
    cluster.programs.run(
        "pg_basebackup",
        f"--pgdata={cluster.data}",
        f"--dbname={source}",
        "--write-recovery-conf",
        "--checkpoint=fast",
        "--no-sync",
    )


def _at(url: str, sockets: Path) -> str:
    base, _, _ = url.partition("?")
    return f"{base}?host={quote(str(sockets))}&port=5432"


async def _until(url: str, statement: str) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await _run(url, statement):
                return
            await asyncio.sleep(0.02)


async def _run(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        found: str = await connection.fetchval(statement)
        return found
    finally:
        await connection.close()
