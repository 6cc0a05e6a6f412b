"""Commands in a folder without a database: only those that are there to make one do so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from server import cli
from tests.server.commands.test_cli import Run, assert_one_sentence, run

__all__ = ["run"]

MAKING = {"serve", "migrate", "demo"}
WITHOUT = {"policy show", "schema print", "documents check", "contacts import"}
"""They need none."""
LOOKING = {
    "worker": [],
    "outbox": [],
    "jobs held": [],
    "jobs retry": [],
    "clock forward": ["31d"],
    "staff add": ["sam@example.com"],
    "staff remove": ["sam@example.com"],
    "staff list": [],
    "policy explain": ["--account", "acct_x", "--permission", "ACCOUNT_READ", "--subject", "sam@example.com"],
    "ledger verify": [],
    "audit verify": [],
    "keys rotate": [],
    "feedback take": [],
    "invoice credit": ["INV-1", "--reason", "because"],
}
"""All others, with what each has to be given."""


def _commands(command: object, name: str = "") -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for inner, below in command.commands.items():
            yield from _commands(below, f"{name} {inner}".strip())
    else:
        yield name


def test_each_command_has_its_place() -> None:
    assert set(_commands(typer.main.get_command(cli._commands))) == MAKING | WITHOUT | LOOKING.keys()


@pytest.mark.parametrize("command", LOOKING)
def test_there_is_none_and_none_is_made(run: Run, tmp_path: Path, command: str) -> None:
    told = assert_one_sentence(run(*command.split(), *LOOKING[command]))
    assert f"There is no database in {tmp_path / '.mandant'}. MANDANT_FOLDER says where it is" in told
    elsewhere = tmp_path / "elsewhere"
    told = assert_one_sentence(run(*command.split(), *LOOKING[command], MANDANT_FOLDER=str(elsewhere)))
    assert f"There is no database in {elsewhere}." in told
    assert list(tmp_path.iterdir()) == []
