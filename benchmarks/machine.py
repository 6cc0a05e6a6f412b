"""The machine: what it is, and which core runs what."""

import asyncio
import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import asyncpg

SERVER_CORE = 0
"""The core of the measured server, which has it for itself."""

LOAD_CORE = 1
"""The cores of PostgreSQL and the load generator."""


_PYTHON = ("uvicorn", "starlette", "strawberry-graphql", "sqlalchemy", "asyncpg", "pycasbin")
_NPM = ("mercurius", "postgraphile", "@apollo/server")


class CannotMeasure(Exception):
    """The benchmark cannot run. The message says what is missing or wrong."""


def pin(*cores: int) -> None:
    """Keep this process, and whatever it starts from now on, on these cores."""
    os.sched_setaffinity(0, cores)


def require_two_cores() -> None:
    """Raises CannotMeasure if one core would have to run both parts."""
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise CannotMeasure(f"The cores {SERVER_CORE} and {LOAD_CORE} are needed.")


def other_load() -> str:
    """How many processes ran on average in the last minute. Before the measurement these are other
    programs'."""
    return f"{os.getloadavg()[0]:.1f}"


async def description(database_url: str, peers: Path) -> dict[str, str]:
    """The names and versions of what was used, for people."""
    connection = await asyncpg.connect(database_url)
    try:
        postgres: str = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    node = await asyncio.to_thread(_output, peers, "process.stdout.write(process.versions.node)")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"Linux {platform.release()}",
        "Python": platform.python_version(),
        "PostgreSQL": postgres,
        "Node": node,
        "Go": _go_version(),
        **{name: version(name) for name in _PYTHON},
        **{name: _npm_version(peers, name) for name in _NPM},
    }


def program(name: str) -> str:
    """The path of a program. Raises CannotMeasure where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise CannotMeasure(f"{name} is not installed.")
    return found


def _go_version() -> str:
    if shutil.which("go") is None:
        return "missing"
    told = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def _npm_version(peers: Path, name: str) -> str:
    return _output(peers, f"process.stdout.write(require('./node_modules/{name}/package.json').version)")


def _output(folder: Path, script: str) -> str:
    node = [program("node"), "--eval", script]
    return subprocess.run(node, cwd=folder, capture_output=True, text=True, check=True).stdout


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
