"""`mandant serve` as a process: what it prints, how it stops, and what it does without its database."""

import asyncio
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from server.database.migrate import migrate
from server.embedded_postgres import EmbeddedPostgres
from server.embedded_postgres.postmaster import find_postmaster
from server.settings.settings import Settings
from server.start.serve import OPEN_FILES, allow_open_files, local_url, open_listener, with_address
from tests.by_day import by_night_alone
from tests.database.database import named
from tests.server.start.processes import PATIENCE, Running, run_beside, running

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/graphql")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder to work in, open to the account that PostgreSQL runs as; no server outlives the tests."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    postmaster = find_postmaster((path / ".mandant" / "postgres" / "data").resolve())
    if postmaster is not None:
        os.kill(postmaster.pid, signal.SIGQUIT)
    shutil.rmtree(path)


def embedded_server_runs(folder: Path) -> bool:
    return find_postmaster((folder / ".mandant" / "postgres" / "data").resolve()) is not None


def address_of(server: Running) -> str:
    """The address that the server printed, once it did."""
    found = ADDRESS.search(server.wait_for("/graphql"))
    assert found is not None
    return found.group(1)


def post(address: str, query: str) -> httpx.Response:
    return httpx.post(f"{address}/graphql", json={"query": query}, timeout=PATIENCE)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_ready(address: str, status: int, told: dict[str, str]) -> None:
    """Until `/readyz` says so: what was found is kept for a second."""

    def says_so() -> bool:
        response = httpx.get(f"{address}/readyz", timeout=PATIENCE)
        return (response.status_code, response.json()) == (status, told)

    wait_until(says_so)


def run_in_shell(command: str) -> Any:
    finished = subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=PATIENCE)
    return json.loads(finished.stdout)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_demo_is_served_as_printed_and_leaves_nothing_running(folder: Path) -> None:
    with running(folder, "serve", "--demo", PORT="0") as server:
        address = address_of(server)
        as_person, as_program = re.findall(r"^curl .*$", server.wait_for("API key"), re.MULTILINE)
        (account,) = run_in_shell(as_person)["data"]["viewer"]["accounts"]["nodes"]
        people = [(m["user"]["name"], m["relation"]) for m in account["members"]["nodes"]]
        assert account["name"] == "Harbour Hotel"
        assert {("Grace Miller", "MEMBER"), ("Anna Berger", "ANCESTOR")} < set(people)
        assert run_in_shell(as_program)["data"]["viewer"]["accounts"]["totalCount"] == 7
        page = httpx.get(f"{address}/graphql", headers={"accept": "text/html"})
        assert (page.status_code, "server" in page.headers) == (200, False)
        wait_for_ready(address, 200, {"status": "ready"})
        first = secrets_in(server.output)
        assert len(first) == 8
        # The invitation that is open reaches the local outbox.
        wait_until(lambda: "jonas.weber@example.com" in httpx.get(f"{address}/outbox").text)
        mails = re.findall(r'href="(/outbox/[0-9a-f]+)"', httpx.get(f"{address}/outbox").text)
        texts = [httpx.get(f"{address}{mail}").text for mail in mails]
        assert sum(f'href="{address}/invitation#mdi_' in text for text in texts) == 1
        assert "#mdi_" not in server.errors
        # Another process joins the embedded database, and leaves it running.
        assert "No mail waits" in run_beside(folder, "outbox")
        wait_for_ready(address, 200, {"status": "ready"})
        assert server.terminate() == 0
    assert not embedded_server_runs(folder)
    with running(folder, "serve", "--demo", PORT="0") as server:
        server.wait_for("API key")
        assert secrets_in(server.output) == first
        assert server.interrupt() == 0
        assert "Traceback" not in server.errors
    assert not embedded_server_runs(folder)


_BIND = """
mutation ($id: ID!, $ranges: [String!]!, $version: Int!) {
  apiKeyUpdate(input: {apiKeyId: $id, expectedVersion: $version, ipRanges: $ranges}) {
    userErrors { code }
  }
}
"""


@by_night_alone
def test_a_trusted_proxy_says_where_the_client_is(folder: Path) -> None:
    """... and nobody else does: an API key's ranges are held to it."""
    with running(folder, "serve", "--demo", PORT="0", MANDANT_TRUSTED_PROXIES="127.0.0.0/8") as server:
        secret, owner = demo_tokens(server)
        address = address_of(server)
        key = as_client(address, secret, "{ viewer { apiKey { id version } } }").json()["data"]["viewer"][
            "apiKey"
        ]
        bound = {"id": key["id"], "version": key["version"], "ranges": ["203.0.113.0/24"]}
        assert as_client(address, owner, _BIND, bound).json()["data"]["apiKeyUpdate"]["userErrors"] == []
        statuses = {
            forwarded: as_client(address, secret, "{ viewer { id } }", forwarded=forwarded).status_code
            for forwarded in (None, "203.0.113.7", "198.51.100.1, 203.0.113.7, 127.0.0.9", "203.0.113.7, ::1")
        }
        assert list(statuses.values()) == [401, 200, 200, 401]
        assert server.terminate() == 0
    with running(folder, "serve", "--demo", PORT="0") as server:
        server.wait_for("API key")
        address = address_of(server)
        assert as_client(address, secret, "{ viewer { id } }", forwarded="203.0.113.7").status_code == 401
        freed = bound | {"version": key["version"] + 1, "ranges": []}
        assert as_client(address, owner, _BIND, freed).json()["data"]["apiKeyUpdate"]["userErrors"] == []
        assert as_client(address, secret, "{ viewer { id } }", forwarded="203.0.113.7").status_code == 200
        assert server.terminate() == 0


def demo_tokens(server: Running) -> tuple[str, str]:
    """The API key that the demo printed, and a person's token who may change it."""
    secrets = re.findall(r"\bmd(?:t_live|s)_\w+", server.wait_for("API key"))
    return next(s for s in secrets if s.startswith("mdt")), next(s for s in secrets if s.startswith("mds"))


def as_client(
    address: str, token: str, query: str, variables: object = None, forwarded: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    body = {"query": query, "variables": variables}
    return httpx.post(f"{address}/graphql", json=body, headers=headers, timeout=PATIENCE)


def secrets_in(text: str) -> set[str]:
    return set(re.findall(r"\bmd(?:t_live|s)_\w+", text))


@by_night_alone
def test_workers_share_the_port_and_the_embedded_database(folder: Path) -> None:
    with running(folder, "serve", "--workers", "2", PORT="0") as server:
        address = address_of(server)
        wait_until(lambda: server.errors.count("Application startup complete") == 2)
        workers = {int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", server.errors)}
        assert len(workers) == 2
        for asked in range(1, 7):
            assert post(address, "{ viewer { id } }").json()["data"] == {"viewer": None}
            counted = httpx.get(f"{address}/metrics").text
            labels = 'operation="other",outcome="answered",way="reference"'
            assert f"mandant_operations_total{{{labels}}} {asked}.0" in counted
        wait_for_ready(address, 200, {"status": "ready"})
        assert server.interrupt() == 0
        assert "Traceback" not in server.errors
    assert not embedded_server_runs(folder)
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1"),
        ("0.0.0.0", "http://127.0.0.1"),
        pytest.param(
            "::1", "http://[::1]", marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
        ),
    ],
)
def test_links_lead_to_the_port_that_was_given(host: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", "0")
    settings = Settings(public_url=None)
    with open_listener(settings) as listener:
        port = listener.getsockname()[1]
        assert local_url(listener) == f"{url}:{port}"
        assert with_address(settings, listener).link_base == f"{url}:{port}"
        public = Settings(public_url="https://accounts.example.com")
        assert with_address(public, listener).link_base == "https://accounts.example.com"


@by_night_alone
def test_a_server_waits_for_its_database_and_outlives_it(folder: Path) -> None:
    database = EmbeddedPostgres(folder / ".mandant", durable=False)
    with database as addresses:
        asyncio.run(create_database(addresses.owner, "late"))
    url = named(addresses.application, "late")
    with running(folder, "serve", PORT="0", DATABASE_URL=url) as server:
        address = address_of(server)
        assert_unavailable(address)
        with database:
            wait_for_ready(address, 503, MIGRATIONS_DUE)
            asyncio.run(migrate(named(addresses.owner, "late")))
            wait_for_ready(address, 200, {"status": "ready"})
            assert post(address, "{ viewer { id } }").status_code == 200
        assert_unavailable(address)
        with database:
            wait_for_ready(address, 200, {"status": "ready"})
            assert post(address, SIGN_IN).json()["data"]["signIn"]["userErrors"] == [
                {"code": "SIGN_IN_REFUSED"}
            ]
        assert server.terminate() == 0


STALLED = (
    b"POST /graphql HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)


@by_night_alone
def test_stalled_clients_stop_nobody_and_not_the_servers_end(folder: Path) -> None:
    allow_open_files()
    with running(folder, "serve", PORT="0") as server, ExitStack() as stack:
        address = address_of(server)
        host, port = address.removeprefix("http://").split(":")
        for sent in (STALLED[:20], STALLED):
            for _ in range(1_010):
                client = stack.enter_context(socket.create_connection((host, int(port)), PATIENCE))
                client.sendall(sent)
            assert post(address, "{ viewer { id } }").json()["data"] == {"viewer": None}
        assert server.terminate() == 0
        assert "graceful shutdown exceeded" not in server.errors
        assert "Traceback" not in server.errors


def test_a_process_may_open_a_file_for_each_connection() -> None:
    program = (
        "import resource as r; from server.start.serve import allow_open_files;"
        "r.setrlimit(r.RLIMIT_NOFILE, (1024, r.getrlimit(r.RLIMIT_NOFILE)[1]));"
        "allow_open_files(); print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert int(finished.stdout) == (OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard))


@by_night_alone
def test_an_embedded_database_that_is_killed_is_started_again(folder: Path) -> None:
    """By the process that serves, which goes on."""
    with running(folder, "serve", PORT="0") as server:
        address = address_of(server)
        wait_for_ready(address, 200, {"status": "ready"})
        data = (folder / ".mandant" / "postgres" / "data").resolve()
        killed = find_postmaster(data)
        assert killed is not None
        os.kill(killed.pid, signal.SIGKILL)
        wait_until(lambda: "it is started again" in server.errors)
        wait_until(lambda: post(address, SIGN_IN).status_code == 200)
        wait_for_ready(address, 200, {"status": "ready"})
        assert server.terminate() == 0
    assert not embedded_server_runs(folder)


async def create_database(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


MIGRATIONS_DUE = {
    "status": "not ready",
    "code": "NOT_SET_UP",
    "reason": "migrations are due: run `mandant migrate`",
}
AWAY = {
    "status": "not ready",
    "code": "UNAVAILABLE",
    "reason": "The database cannot be reached; try again.",
}
SIGN_IN = 'mutation { signIn(input: {email: "a@example.com", password: "x"}) { userErrors { code } } }'


def assert_unavailable(address: str) -> None:
    assert httpx.get(f"{address}/healthz").status_code == 200
    wait_for_ready(address, 503, AWAY)
    response = post(address, SIGN_IN)
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
