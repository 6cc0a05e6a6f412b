"""Each way to write access is held to promises, or has a reason why it gives nobody anything."""

from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from starlette.routing import Route

from resolvers.effects.access_told import MAY_GIVE_ACCESS
from resolvers.effects.promised import OFFERS_ACCESS
from server.cli import _commands
from server.embedded_postgres import DatabaseAddresses
from server.jobs.dispatch import WORK
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.promises.writers import writers, written_by
from tests.areas.promises.writing import ADDRESSES, COMMANDS, JOBS, WRITERS, Held, Proved

_CHECKOUT = Path(__file__).parents[3]


def test_every_write_of_access_has_a_row() -> None:
    found = writers()
    assert found == WRITERS.keys(), sorted(found ^ WRITERS.keys())


def test_what_is_held_is_told_by_an_event_that_promises_are_asked_for() -> None:
    for (place, table), row in WRITERS.items():
        if isinstance(row, Held):
            assert row.events <= MAY_GIVE_ACCESS | OFFERS_ACCESS.keys(), (place, table)
            source = (_CHECKOUT / place.partition(":")[0]).read_text("utf-8")
            untold = [event.name for event in row.events if f"EventType.{event.name}" not in source]
            assert not untold, (place, table, untold)


def test_every_event_that_promises_are_asked_for_holds_a_write() -> None:
    held = {event for row in WRITERS.values() if isinstance(row, Held) for event in row.events}
    assert held == MAY_GIVE_ACCESS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(s):\n    s.send(insert(memberships).values())", {("m.py:f", "memberships")}),
        ("async def f(s):\n    await s.send(upsert(tables.shares))", {("m.py:f", "shares")}),
        ("from x import roles as other\ndef f():\n    update(other)", {("m.py:f", "roles")}),
        ("def f():\n    a, b = 1, api_keys\n    update(b)", {("m.py:f", "api_keys")}),
        ("class C:\n    def g(self):\n        return delete(shares)", {("m.py:g", "shares")}),
        ("STATEMENT = insert(roles)", {("m.py:module", "roles")}),
        ("def f():\n    return memberships.insert()", {("m.py:f", "memberships")}),
        ("def f():\n    return text('update only public.shares set x = 1')", {("m.py:f", "shares")}),
        ("async def f(s):\n    await write_key(s, key, {})", {("m.py:f", "api_keys")}),
        ("def f():\n    c.copy_records_to_table(name, records=[])", {("m.py:f", "any table")}),
        ("def f():\n    return select(memberships)", set()),
        ("def f():\n    return insert(events)", set()),
    ],
)
def test_a_new_writer_would_be_found(source: str, found: set[tuple[str, str]]) -> None:
    assert set(written_by("m.py", source)) == found


def test_every_job_has_a_row() -> None:
    kinds = {job.kind.name for work in WORK for job in work.jobs}
    assert kinds | {name for work in WORK for name in work.every_minute} == JOBS.keys()


def test_every_command_has_a_row() -> None:
    commands = typer.main.get_command(_commands).commands  # type: ignore[attr-defined]  # of click's groups
    names = {
        f"{name} {each}".strip()
        for name, group in commands.items()
        for each in getattr(group, "commands", [""])
    }
    assert names == COMMANDS.keys()


def test_every_address_has_a_row(settings: Settings, addresses: DatabaseAddresses) -> None:
    """Also those that only some deployments answer."""
    secret = SecretStr("s" * 32)
    some = {"feedback_secret": secret, "sms_secret": secret, "local_outbox": True}
    all_of_them = settings.model_copy(update=some)
    app = create_app(all_of_them, addresses.application)
    paths = {route.path for route in app.router.routes if isinstance(route, Route)}
    assert {f"/{path.split('/')[1]}" for path in paths} == ADDRESSES.keys()


def test_what_is_proved_is_tested() -> None:
    rows = (*JOBS.values(), *COMMANDS.values(), *ADDRESSES.values())
    for test in {row.test for row in rows if isinstance(row, Proved)}:
        path, _, name = test.partition("::")
        assert f"async def {name}(" in (_CHECKOUT / path).read_text("utf-8"), test
