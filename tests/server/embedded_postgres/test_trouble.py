"""Remains of dead servers, and folders that cannot serve."""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, cluster
from server.embedded_postgres.account import choose_account
from server.embedded_postgres.postmaster import find_postmaster
from tests.by_day import by_night_alone
from tests.server.embedded_postgres.processes import (
    address_of,
    answers,
    fetch,
    leave,
    open_user,
    socket_folder,
)

pytestmark = by_night_alone


@pytest.fixture(params=["dead", "foreign"])
def stale_process(request: pytest.FixtureRequest, folder: Path) -> Iterator[int]:
    """The id of a process of the server's account that is not a server."""
    account = choose_account(folder, folder / "postgres" / "data")
    changed = account.user if account.is_another else None
    process = subprocess.Popen(["sleep", "60"], user=changed)
    if request.param == "dead":
        process.kill()
        process.wait()
    yield process.pid
    assert process.poll() is None or request.param == "dead"
    process.kill()
    process.wait()


async def test_a_stale_pid_file_is_not_believed(folder: Path, stale_process: int) -> None:
    data = folder / "postgres" / "data"
    (data / "postmaster.pid").write_text(
        f"{stale_process}\n{data}\n1700000000\n5432\n/nowhere\n\n  1 1\nready\n"
    )
    with EmbeddedPostgres(folder, durable=False) as addresses:
        assert await answers(addresses.owner)


async def test_an_empty_pid_file_is_not_believed(folder: Path) -> None:
    (folder / "postgres" / "data" / "postmaster.pid").touch()
    with EmbeddedPostgres(folder, durable=False) as addresses:
        assert await answers(addresses.owner)


async def test_a_killed_server_starts_again_once_its_sessions_have_ended(folder: Path) -> None:
    data = folder / "postgres" / "data"
    held = data / "held"
    held.touch()
    loop = "DO $$ BEGIN WHILE (pg_stat_file('held', true)).size IS NOT NULL LOOP END LOOP; END $$"
    running = "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'LOOP' AND pid <> pg_backend_pid()"
    with EmbeddedPostgres(folder, durable=False) as addresses:
        session = asyncio.create_task(fetch(addresses.owner, loop))
        while await fetch(addresses.owner, running) == 0:
            pass
        postmaster = find_postmaster(data)
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGKILL)
    postgres = EmbeddedPostgres(folder, durable=False)
    start = asyncio.create_task(asyncio.to_thread(postgres.start))
    await asyncio.sleep(0.5)
    assert not start.done()
    held.unlink()
    assert await answers((await start).owner)
    postgres.stop()
    await asyncio.gather(session, return_exceptions=True)


async def test_a_server_without_its_socket_is_replaced(folder: Path) -> None:
    lost = open_user(folder)
    shutil.rmtree(socket_folder(address_of(lost)))
    with EmbeddedPostgres(folder, durable=False) as addresses:
        assert await answers(addresses.owner)
    leave(lost)


def test_data_of_another_major_version_are_refused_and_kept(folder: Path) -> None:
    version = folder / "postgres" / "data" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("16\n")
    with pytest.raises(
        EmbeddedPostgresError, match=r"PostgreSQL 16 made the data .* PostgreSQL 18 cannot read"
    ):
        EmbeddedPostgres(folder).start()
    assert version.read_text() == "16\n"
    version.write_text(ours)


def test_a_server_that_cannot_start_shows_its_log(folder: Path) -> None:
    settings = folder / "postgres" / "data" / "postgresql.conf"
    ours = settings.read_text()
    settings.write_text("shared_buffers = nonsense\n")
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers"'):
        EmbeddedPostgres(folder).start()
    settings.write_text(ours)


def test_a_folder_that_cannot_be_written_is_named(empty: Path) -> None:
    (empty / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match=str(empty / "file" / "database")):
        EmbeddedPostgres(empty / "file" / "database").start()


def test_a_server_out_of_sight_is_not_joined_by_a_second_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may run in another container, where its process id says nothing to us."""
    monkeypatch.setattr(cluster, "ORPHANS_SECONDS", 0.1)
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text("1\n")
    with (folder / "postgres" / "server.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedPostgresError, match="out of sight"):
            EmbeddedPostgres(folder).start()
    assert pid_file.exists()
