"""The commands that do not serve, run in this process."""

import asyncio
import datetime
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import insert

from models.base.ids import Kind, new_id, present
from models.effects.outbox import outbox_messages
from server.cli import application
from server.database.connections import connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from tests.by_day import by_night_alone
from tests.database.database import drop, named
from tests.server.start.processes import is_setting

CHECKOUT = Path(__file__).parents[3]
SECRET = "correct-horse"
_ACCOUNT = "INSERT INTO accounts (master_id, id, name, sort_key, search_key) VALUES"
NOBODY_LISTENS = f"postgresql://mandant:{SECRET}@127.0.0.1:1/mandant"


@dataclass(frozen=True)
class Finished:
    """What a command ended with."""

    code: object
    output: str
    errors: str


Run = Callable[..., Finished]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs a command, with the settings that are given and no others."""
    for name in filter(is_setting, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, **settings: str) -> Finished:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["mandant", *arguments])
        with pytest.raises(SystemExit) as end:
            application()
        return Finished(end.value.code, *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def empty(addresses: DatabaseAddresses) -> Iterator[DatabaseAddresses]:
    """A database without tables."""
    name = f"empty_{uuid4().hex}"
    asyncio.run(execute(addresses.owner, f"CREATE DATABASE {name}"))
    yield DatabaseAddresses(named(addresses.owner, name), named(addresses.application, name))
    asyncio.run(drop(addresses.owner, name))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def put_into_outbox(owner_url: str, *messages: Mapping[str, object]) -> None:
    database = connect_as_owner(owner_url)
    async with database.begin() as connection:
        for message in messages:
            await connection.execute(insert(outbox_messages).values(id=new_id(), **message))
    await database.dispose()


def assert_one_sentence(finished: Finished) -> str:
    """The sentence of a command that failed."""
    assert (finished.code, finished.output) == (1, "")
    assert finished.errors.startswith("mandant: ")
    assert finished.errors.count("\n") == 1
    assert SECRET not in finished.errors
    return finished.errors


def test_schema_print_gives_the_committed_snapshot(run: Run) -> None:
    finished = run("schema", "print")
    assert finished == Finished(0, (CHECKOUT / "schema.graphql").read_text(encoding="utf-8"), "")


def test_policy_show_gives_the_files_and_what_casbin_makes_of_them(run: Run) -> None:
    finished = run("policy", "show", COLUMNS="60")
    folder = CHECKOUT / "authz" / "policy"
    for name in ("model.conf", "policy.csv"):
        assert (folder / name).read_text(encoding="utf-8") in finished.output
    rows = [" ".join(line.split()) for line in finished.output.splitlines()]
    assert "Permission OWNER ADMINISTRATOR DEVELOPER FINANCE MARKETER ANALYST" in rows
    # Nobody suspends an account from within, and administrators do not close their own.
    assert "ACCOUNT_SUSPEND - a i - a i - - - - - - - - - - - -" in rows
    assert "ACCOUNT_CLOSE m a i - a i - - - - - - - - - - - -" in rows
    assert "STATISTICS_READ m a i m a i - - - m - i m - i m - i" in rows
    assert finished.code == 0


def test_outbox_shows_what_waits_with_its_whole_link(run: Run, empty: DatabaseAddresses) -> None:
    assert run("migrate", MANDANT_MIGRATION_DATABASE_URL=empty.owner).code == 0
    assert run("outbox", DATABASE_URL=empty.application).output == "No mail waits.\n"
    link = f"https://accounts.example.com/invitation#{'x' * 90}"
    waiting = {
        "recipient": "nora@example.com",
        "subject": "[red]\x1b[31m invites you",
        "body": f"Open\n{link}\n",
    }
    failed = {"recipient": "otto@example.com", "subject": "Again", "attempts": 3, "last_error": "no route"}
    sent = {
        "recipient": "paul@example.com",
        "subject": "Sent",
        "sent_at": datetime.datetime.now(datetime.UTC),
    }
    asyncio.run(put_into_outbox(empty.owner, waiting, failed, sent))
    finished = run("outbox", COLUMNS="60")
    lines = finished.output.splitlines()
    (first,) = [line for line in lines if "nora@example.com" in line]
    (second,) = [line for line in lines if "otto@example.com" in line]
    assert first.split()[-1] == link
    assert "[red]\N{REPLACEMENT CHARACTER}[31m invites you" in first
    assert second.split()[-3:] == ["3", "no", "route"]
    assert "paul@example.com" not in finished.output


def test_jobs_that_are_held_are_shown_and_done_again(run: Run, empty: DatabaseAddresses) -> None:
    assert run("migrate", MANDANT_MIGRATION_DATABASE_URL=empty.owner).code == 0
    settings = {"DATABASE_URL": empty.application}
    assert run("jobs", "held", **settings) == Finished(0, "No job is held.\n", "")
    assert run("jobs", "retry", **settings) == Finished(0, "0 put back into the queue.\n", "")
    columns = "INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, status, attempts) VALUES "
    held, waiting = "(1, 'top_up', '\x1b[31m', 'failed', 5)", "(1, 'top_up', 'waiting', 'queued', 0)"
    asyncio.run(execute(empty.owner, f"{columns} {held}, {waiting}"))
    shown = run("jobs", "held", **settings)
    (line,) = [line for line in shown.output.splitlines() if "top_up" in line]
    assert "\N{REPLACEMENT CHARACTER}[31m" in line
    assert run("jobs", "retry", **settings) == Finished(0, "1 put back into the queue.\n", "")
    assert run("jobs", "held", **settings).output == "No job is held.\n"


def test_ledger_verify_recomputes_all_books(run: Run, empty: DatabaseAddresses) -> None:
    assert "migrations are due" in assert_one_sentence(run("ledger", "verify", DATABASE_URL=empty.owner))
    assert run("migrate").code == 0
    assert run("demo").code == 0
    assert run("ledger", "verify") == Finished(0, "The ledger holds.\n", "")
    asyncio.run(execute(empty.owner, "UPDATE ledger_balances SET amount = amount + 1 WHERE kind = 'CREDIT'"))
    told = assert_one_sentence(run("ledger", "verify"))
    assert told.count("the balance CREDIT is not the sum of its entries") == 4


def test_ledger_verify_needs_the_owner(run: Run, addresses: DatabaseAddresses) -> None:
    """Nobody else sees all books, and would find nothing wrong with those that he does not see."""
    finished = run("ledger", "verify", DATABASE_URL=addresses.application)
    assert "owner" in assert_one_sentence(finished)


def test_audit_verify_tells_what_it_has_read(run: Run, empty: DatabaseAddresses) -> None:
    settings = {"DATABASE_URL": empty.owner}
    assert "migrations are due" in assert_one_sentence(run("audit", "verify", **settings))
    assert run("migrate").code == 0
    assert run("audit", "verify") == Finished(0, "The logs hold: 0 accounts, 0 events.\n", "")
    silent, unknown = new_id(), new_id()
    asyncio.run(execute(empty.owner, f"{_ACCOUNT} ('{silent}', '{silent}', 'A', '', '')"))
    of_silent = run("audit", "verify", "--account", present(Kind.ACCOUNT, silent))
    assert "its log is missing" in assert_one_sentence(of_silent)
    told = assert_one_sentence(run("audit", "verify", "--account", present(Kind.ACCOUNT, unknown)))
    assert "There is no such account." in told


def test_migrate_brings_a_database_up_to_date(run: Run, empty: DatabaseAddresses) -> None:
    settings = {"DATABASE_URL": empty.application, "MANDANT_MIGRATION_DATABASE_URL": empty.owner}
    for command in (["outbox"], ["demo"]):
        assert "run `mandant migrate`" in assert_one_sentence(run(*command, **settings))
    for _ in range(2):
        assert run("migrate", **settings) == Finished(0, "The database is up to date.\n", "")
    assert run("outbox", **settings) == Finished(0, "No mail waits.\n", "")


def test_migrate_needs_the_owner(run: Run, empty: DatabaseAddresses) -> None:
    finished = run("migrate", DATABASE_URL=empty.application)
    assert "permission denied" in assert_one_sentence(finished)


def test_demo_makes_the_accounts_once(run: Run, empty: DatabaseAddresses) -> None:
    settings = {"DATABASE_URL": empty.application, "MANDANT_MIGRATION_DATABASE_URL": empty.owner}
    run("migrate", **settings)
    assert "are made" in run("demo", **settings).output
    assert "sam.rivera@example.com" in run("staff", "list", **settings).output
    assert run("demo", **settings) == Finished(0, "The demo accounts are there already.\n", "")


def test_demo_makes_trees(run: Run, empty: DatabaseAddresses) -> None:
    settings = {"DATABASE_URL": empty.application, "MANDANT_MIGRATION_DATABASE_URL": empty.owner}
    run("migrate", **settings)
    finished = run("demo", "--trees", "2", **settings)
    assert (finished.code, finished.output.startswith("42 accounts in 2 trees: ")) == (0, True)
    assert "42/42" in finished.errors


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["demo"], ["demo", "--trees", "1"], ["outbox"], ["ledger", "verify"]],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("url", "reason"),
    [(NOBODY_LISTENS, "Connect call failed"), (f"{SECRET}@db", "must be postgresql://")],
    ids=["away", "malformed"],
)
def test_a_database_that_is_not_there_is_told_in_a_sentence(
    run: Run, command: list[str], url: str, reason: str
) -> None:
    assert reason in assert_one_sentence(run(*command, DATABASE_URL=url))


def test_a_password_that_is_wrong_is_told_in_a_sentence(run: Run, addresses: DatabaseAddresses) -> None:
    user, _, host = addresses.application.partition("@")
    finished = run("outbox", DATABASE_URL=f"{user}{SECRET}@{host}")
    assert "password authentication failed" in assert_one_sentence(finished)


@pytest.mark.parametrize(
    ("variable", "value"), [("PORT", "http"), ("MANDANT_SMTP_URL", "foo"), ("MANDANT_PUBLIC_URL", "foo")]
)
def test_a_bad_setting_is_named(run: Run, variable: str, value: str) -> None:
    finished = run("serve", **{variable: value})
    assert f"{variable}: " in assert_one_sentence(finished)


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = run("serve", PORT=port, DATABASE_URL=NOBODY_LISTENS)
    assert f"port {port}: Address already in use" in assert_one_sentence(finished)


def test_the_embedded_database_that_cannot_start_is_told_in_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run("migrate", MANDANT_FOLDER=str(tmp_path / "file"))
    assert str(tmp_path / "file") in assert_one_sentence(finished)


@pytest.mark.parametrize(
    "arguments", [["serve", "--workers", "0"], ["demo", "--trees", "0"], ["policy", "sow"]]
)
def test_misuse_is_told_without_a_traceback(run: Run, arguments: list[str]) -> None:
    finished = run(*arguments)
    assert (finished.code, finished.output) == (2, "")
    assert "Traceback" not in finished.errors


DRIFT = """
import asyncio, sys
from sqlalchemy import Column, Text
from migrations.check import difference
from models.people.users import users
print(asyncio.run(difference(sys.argv[1])))
users.append_column(Column("nickname", Text))
print(asyncio.run(difference(sys.argv[1])))
"""


@by_night_alone
def test_a_model_without_its_migration_is_found(empty: DatabaseAddresses) -> None:
    command = [sys.executable, "-c", DRIFT, empty.owner]
    found = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert found.splitlines()[:2] == ["No new upgrade operations detected.", "None"]
    assert "nickname" in found
