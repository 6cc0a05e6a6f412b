"""Several processes on one folder."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from server.embedded_postgres import EmbeddedPostgres
from server.embedded_postgres.account import choose_account
from server.embedded_postgres.postmaster import find_postmaster
from tests.by_day import by_night_alone
from tests.server.embedded_postgres.processes import USER, address_of, answers, fetch, kill, leave, open_user

pytestmark = by_night_alone


async def test_two_first_starts_at_once_share_a_server_until_the_last_leaves(empty: Path) -> None:
    # A start before them was killed half-way.
    (empty / "postgres" / "data-unfinished").mkdir(parents=True)
    choose_account(empty, empty / "postgres" / "data").own(empty / "postgres")
    users = [open_user(empty), open_user(empty)]
    first, second = (address_of(user) for user in users)
    assert first == second
    leave(users[0])
    assert await answers(second)
    leave(users[1])
    assert not await answers(second)
    assert not (empty / "postgres" / "data-unfinished").exists()


async def test_a_killed_process_does_not_keep_the_server(folder: Path) -> None:
    kept, killed = open_user(folder), open_user(folder)
    address = address_of(kept)
    address_of(killed)
    kill(killed)
    assert await answers(address)
    leave(kept)
    assert not await answers(address)


async def test_a_server_left_by_killed_processes_is_joined_and_then_stopped(folder: Path) -> None:
    killed = open_user(folder)
    address = address_of(killed)
    started = await fetch(address, "SELECT pg_postmaster_start_time()")
    kill(killed)
    with EmbeddedPostgres(folder) as addresses:
        assert await fetch(addresses.owner, "SELECT pg_postmaster_start_time()") == started
    assert not await answers(address)


async def test_a_process_that_forgets_to_stop_leaves_at_its_exit(folder: Path) -> None:
    forgetful = open_user(folder, program=USER.replace("postgres.stop()", ""))
    address = address_of(forgetful)
    leave(forgetful)
    assert not await answers(address)


async def test_a_forked_child_does_not_stop_the_server_of_its_parent(folder: Path) -> None:
    fork = "import os\nos.fork() or sys.exit()\nos.wait()\nprint(postgres.start().owner, flush=True)\n"
    user = open_user(folder, program=USER.replace("sys.stdin", f"{fork}sys.stdin"))
    before_the_fork = address_of(user)
    after_the_end_of_the_child = address_of(user)
    assert after_the_end_of_the_child == before_the_fork
    assert await answers(before_the_fork)
    leave(user)
    assert not await answers(before_the_fork)


async def test_interrupt_in_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False):
        postmaster = find_postmaster(folder / "postgres" / "data")
        assert postmaster is not None
        assert os.getsid(postmaster.pid) != os.getsid(0)


async def test_a_removed_folder_starts_empty_while_its_old_server_still_runs(empty: Path) -> None:
    old = open_user(empty)
    address = address_of(old)
    postmaster = find_postmaster(empty / "postgres" / "data")
    assert postmaster is not None
    shutil.rmtree(empty)
    with EmbeddedPostgres(empty, durable=False) as addresses:
        assert addresses.owner != address
        leave(old)
        assert await answers(addresses.owner)
    with suppress(ProcessLookupError):
        os.kill(postmaster.pid, signal.SIGQUIT)
    shutil.rmtree(postmaster.socket_folder, ignore_errors=True)
