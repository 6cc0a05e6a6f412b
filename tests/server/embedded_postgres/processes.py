"""Other processes that use a database, and what can be asked of it."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

CHECKOUT = Path(__file__).parents[3]

# A process that uses the database until its input ends.
USER = """
import sys
from pathlib import Path
from server.embedded_postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(postgres.start().owner, flush=True)
sys.stdin.read()
postgres.stop()
"""


def open_user(folder: Path, *, program: str = USER) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
    )


def address_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    line = user.stdout.readline().strip()
    assert line.startswith("postgresql://"), line + user.stdout.read()
    return line


def leave(user: subprocess.Popen[str]) -> None:
    output, _ = user.communicate(timeout=120)
    assert (user.returncode, output) == (0, "")


def kill(user: subprocess.Popen[str]) -> None:
    user.kill()
    user.communicate(timeout=120)


def socket_folder(address: str) -> Path:
    return Path(parse_qs(urlsplit(address).query)["host"][0])


async def fetch(address: str, statement: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def answers(address: str) -> bool:
    try:
        return await fetch(address, "SELECT true") is True
    except OSError:
        return False
