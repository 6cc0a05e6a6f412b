"""`mandant staff`: the one way to become staff, and what is written down of it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from server.embedded_postgres import DatabaseAddresses
from tests.by_day import by_night_alone
from tests.server.commands.test_cli import Finished, Run, assert_one_sentence, empty, run

pytestmark = by_night_alone

__all__ = ["empty", "run"]

PERSON = """INSERT INTO users
  (id, name, email, email_canonical, password_hash, email_verified_at, sort_key, search_key,
   initials)
  VALUES (gen_random_uuid(), 'Sam', $1, lower($1), '!', $2::timestamptz, '', '', '')"""
CHANGES = """SELECT kind, role, made_by <> '' FROM staff_changes
  JOIN users ON users.id = user_id WHERE email = $1 ORDER BY staff_changes.created_at"""


async def ask(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


@pytest.fixture
def settings(run: Run, empty: DatabaseAddresses) -> dict[str, str]:
    """Of a database with Sam, whose address is proved, and Una, whose is not."""
    found = {"DATABASE_URL": empty.application, "MANDANT_MIGRATION_DATABASE_URL": empty.owner}
    assert run("migrate", **found).code == 0
    asyncio.run(ask(empty.owner, PERSON.replace("$2", "now()"), "Sam@example.com"))
    asyncio.run(ask(empty.owner, PERSON.replace("$2", "NULL"), "una@example.com"))
    return found


def test_staff_are_added_shown_and_removed(
    run: Run, empty: DatabaseAddresses, settings: dict[str, str]
) -> None:
    assert run("staff", "list", **settings) == Finished(0, "Nobody is staff.\n", "")
    added = run("staff", "add", "sam@example.com", "--role", "approver", **settings)
    assert added == Finished(0, "sam@example.com is APPROVER now.\n", "")
    again = run("staff", "add", "sam@example.com", "--role", "APPROVER", **settings)
    assert again.output == "sam@example.com is APPROVER already.\n"
    (line,) = [line for line in run("staff", "list", **settings).output.splitlines() if "@" in line]
    assert line.split()[:3] == ["Sam@example.com", "Sam", "APPROVER"]
    assert run("staff", "add", "sam@example.com", **settings).output == "sam@example.com is AGENT now.\n"
    removed = run("staff", "remove", "sam@example.com", **settings)
    assert removed == Finished(0, "sam@example.com is staff no more.\n", "")
    assert run("staff", "list", **settings).output == "Nobody is staff.\n"
    assert asyncio.run(ask(empty.owner, CHANGES, "Sam@example.com")) == [
        ("ADDED", "APPROVER", True),
        ("ROLE_CHANGED", "AGENT", True),
        ("REMOVED", "AGENT", True),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "nobody@example.com"], "Nobody has signed up"),
        (["add", "una@example.com"], "never verified"),
        (["add", "sam"], "Not an e-mail address"),
        (["remove", "sam@example.com"], "is not staff"),
        (["remove", "nobody@example.com"], "Nobody has signed up"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_who_cannot_be_is_told_in_a_sentence(
    run: Run, empty: DatabaseAddresses, settings: dict[str, str], arguments: list[str], reason: str
) -> None:
    """T11: least of all somebody who only claims an address."""
    assert reason in assert_one_sentence(run("staff", *arguments, **settings))
    assert asyncio.run(ask(empty.owner, "SELECT FROM staff")) == []
    assert asyncio.run(ask(empty.owner, "SELECT FROM staff_changes")) == []


def test_it_needs_the_owner(run: Run, empty: DatabaseAddresses, settings: dict[str, str]) -> None:
    finished = run(
        "staff", "add", "sam@example.com", DATABASE_URL=empty.application, MANDANT_MIGRATION_DATABASE_URL=""
    )
    assert (finished.code, asyncio.run(ask(empty.owner, "SELECT FROM staff"))) == (1, [])
