"""The measured servers. Each is one process on a core of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.database import PEERS_ROLE
from benchmarks.machine import SERVER_CORE, CannotMeasure, pin
from benchmarks.quiet import processor_seconds

PEERS = Path(__file__).parent / "peers"
CONTACT_KEY = "the key of the benchmark"
"""Of Mandant's servers and workers."""
SECRET_KEY = "the secret of the benchmark"
PLANNED_ONCE = "force_generic_plan"
"""The plan mode of Mandant's connections, and of the other servers': what helps Mandant shall help them
too."""

PLANNED_BY_DEFAULT = "auto"
"""PostgreSQL's default: it plans a statement with arrays again for each request."""

POOL_SIZE = 10
"""The database connections of each server: Mandant's default."""

_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_IDLE_LOOKS = 3
"""One after the other: on a busy machine a process may get nothing done for a moment."""
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """A server, and how it is started."""

    name: str
    command: tuple[str, ...]
    planning: str = PLANNED_ONCE
    """PostgreSQL's `plan_cache_mode`, for peers."""
    is_on_node: bool = False


MANDANT = Server("Mandant", (str(Path(sys.executable).parent / "mandant"), "serve"))

TRUSTING = Server("Mandant", ("env", "MANDANT_TRUSTED_PROXIES=127.0.0.1", *MANDANT.command))
"""Believes where its clients say to be: one place alone may not ask so much at once."""

SEALING = Server("Mandant", ("env", f"MANDANT_SECRET_KEYS={SECRET_KEY}", *MANDANT.command))
"""Can store what is encrypted."""


def python(module: str) -> tuple[str, ...]:
    """The command that runs a module of this environment."""
    return (sys.executable, "-m", module)


REFERENCE = Server("Mandant, reference path", python("benchmarks.reference_server"))


@dataclass(frozen=True)
class Running:
    """A running server, at an address."""

    server: Server
    address: tuple[str, int]
    pid: int


@contextmanager
def running(
    server: Server, database_url: str, folder: Path, cores: Sequence[int] = (SERVER_CORE,)
) -> Iterator[Running]:
    """The server on these cores, until the end of the block. Its output goes to a file in the folder.

    Raises CannotMeasure if it does not start.
    """
    address = (_HOST, _free_port())
    log = folder / f"{server.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            server.command,
            env={**os.environ, **_environment(server, database_url, address)},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(pin, *cores),
        )
    try:
        _wait(process, address, log)
        yield Running(server, address, process.pid)
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def wait_until_idle(server: Running) -> None:
    """Until what a process prepares after its start is done. Blocks. Raises CannotMeasure if it never is."""
    deadline = time.monotonic() + _START_SECONDS
    before, idle = processor_seconds(server.pid), 0
    while idle < _IDLE_LOOKS:
        if time.monotonic() > deadline:
            raise CannotMeasure(f"{server.server.name} is never idle after its start.")
        time.sleep(_LOOK_SECONDS)
        now = processor_seconds(server.pid)
        idle = idle + 1 if now - before < _LOOK_SECONDS / 10 else 0
        before = now


def postgres_environment(database_url: str, planning: str = PLANNED_ONCE) -> Mapping[str, str]:
    """The database as PostgreSQL's environment variables, with the settings of Mandant's connections."""
    url = make_url(database_url)
    return {
        "PGHOST": str(url.query["host"]),
        "PGPORT": str(url.query["port"]),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password),
        "PGDATABASE": str(url.database),
        "PGOPTIONS": f"-c jit=off -c timezone=UTC -c plan_cache_mode={planning}",
    }


def _environment(server: Server, database_url: str, address: tuple[str, int]) -> Mapping[str, str]:
    host, port = address
    of_peers = postgres_environment(database_url, server.planning)
    return {
        **of_peers,
        "PGOPTIONS": f"{of_peers['PGOPTIONS']} -c role={PEERS_ROLE}",
        "DATABASE_URL": database_url,
        "HOST": host,
        "PORT": str(port),
        "MANDANT_POOL_SIZE": str(POOL_SIZE),
        "MANDANT_CONTACT_KEY": CONTACT_KEY,
        # One caller sends what otherwise thousands do.
        "MANDANT_COST_RESTORE_RATE": "100000000",
        "MANDANT_TREE_COST_RESTORE_RATE": "100000000",
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((_HOST, 0))
        port: int = found.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], address: tuple[str, int], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        client = HTTPConnection(*address, timeout=_START_SECONDS)
        try:
            client.request("GET", "/healthz")
            client.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.05)
        else:
            return
        finally:
            client.close()
    raise CannotMeasure(f"{log.stem} does not start:\n{log.read_text(errors='replace')[-4000:]}")
