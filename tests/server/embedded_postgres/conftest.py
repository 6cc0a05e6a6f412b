"""Folders for databases."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.embedded_postgres import EmbeddedPostgres
from server.embedded_postgres.postmaster import find_postmaster


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A folder with a database, made once because that is the slow part of a first start."""
    path = Path(tempfile.mkdtemp())
    with EmbeddedPostgres(path, durable=False):
        pass
    yield path
    shutil.rmtree(path)


@pytest.fixture
def folder(prepared: Path) -> Iterator[Path]:
    """A folder with a database, for tests that leave it whole; no server outlives the test."""
    yield prepared
    end_server(prepared)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A folder of the test's own, with a name too long for a socket; no server outlives the test."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    path = place / ("a long name " * 10).strip()
    path.mkdir()
    yield path
    end_server(path)
    shutil.rmtree(place)


def end_server(folder: Path) -> None:
    postmaster = find_postmaster((folder / "postgres" / "data").resolve())
    if postmaster is not None:
        os.kill(postmaster.pid, signal.SIGQUIT)
        shutil.rmtree(postmaster.socket_folder, ignore_errors=True)
