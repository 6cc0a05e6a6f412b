"""Started by root, who must not run PostgreSQL, and by ordinary accounts."""

import os
import pwd
import shutil
from pathlib import Path

import asyncpg
import pytest

from server.embedded_postgres import EmbeddedPostgres
from tests.server.embedded_postgres.processes import (
    USER,
    address_of,
    answers,
    leave,
    open_user,
    socket_folder,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run processes of another account")


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in folder.rglob("*")}


async def test_root_below_closed_folders_changes_none_of_them(empty: Path) -> None:
    """A checkout and its environment in /root: neither data nor programs are in the account's reach."""
    closed = empty / "closed"
    environment = closed / "environment"
    environment.mkdir(parents=True)
    closed.chmod(0o700)
    packages = Path(asyncpg.__file__).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        unused = shutil.ignore_patterns("include", "pgxs")
        shutil.copytree(packages / name, environment / name, ignore=unused, copy_function=link_or_copy)
    program = f"import sys\nsys.path.insert(0, {str(environment)!r})\n{USER}"
    user = open_user(closed / "database", program=program)
    address = address_of(user)
    assert await answers(address)
    leave(user)
    assert closed.stat().st_mode & 0o777 == 0o700
    home = (closed / "database" / "postgres").resolve()
    assert not home.is_relative_to(closed)
    kept = {path.name.partition("-")[0] for path in home.iterdir()}
    assert kept == {"data", "programs", "server.lock", "server.log"}
    shutil.rmtree(home)


async def test_an_ordinary_account_and_then_root_in_its_folder(empty: Path) -> None:
    person = pwd.getpwnam("nobody")
    os.chown(empty, person.pw_uid, person.pw_gid)
    # The interpreter may lie in root's own folder, so the account is changed once all is imported.
    drop = f"os.setgroups([]); os.setgid({person.pw_gid}); os.setuid({person.pw_uid})\npostgres ="
    user = open_user(
        empty / "database", program="import os, encodings.idna\n" + USER.replace("postgres =", drop, 1)
    )
    address = address_of(user)
    assert await answers(address)
    assert socket_folder(address).stat().st_uid == person.pw_uid
    leave(user)
    with EmbeddedPostgres(empty / "database", durable=False) as addresses:
        assert addresses.owner == address
        assert await answers(address)
    assert owners(empty) == {person.pw_uid}


def test_root_starts_for_the_person_whose_folder_it_is(empty: Path) -> None:
    person = pwd.getpwnam("nobody")
    os.chown(empty, person.pw_uid, person.pw_gid)
    with EmbeddedPostgres(empty / "database", durable=False):
        assert owners(empty) == {person.pw_uid}
