"""A feature is local: a new area brings its files, and is named in the list of areas alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.notes_area import CENTRAL, FILES

_CHECKOUT = Path(__file__).parent.parent
_PACKAGES = ("models", "authz", "engine", "resolvers", "schema", "server", "migrations", "tests")

_LOOK = """
import json
import typer.main
from authz.wall.row_security import tables_of_trees
from models.base.ids import Kind
from models.base.planes import Plane
from models.effects.jobs import job_kinds
from resolvers.effects.retention import retentions
from resolvers.sealing.places import sealed_columns
from schema.root import build_schema
from server import cli
from server.database.migrate import stored_functions
from server.jobs.dispatch import WORK
from tests.authz.matrix.matrix_fields import ACCOUNT_FIELDS, MUTATIONS, NODES
from tests.client.mail_kinds import MAIL_KINDS
from tests.world.oracles import told_by_areas

functions = {function.signature: function.body for function in stored_functions()}
print(json.dumps({
    "sdl": build_schema().as_str(),
    "tables of trees": [table.name for table in tables_of_trees(Plane.CONTROL)],
    "functions": list(functions),
    "due": functions["mandant_due(text[])"],
    "kinds of jobs": list(job_kinds()),
    "work": [job.kind.name for work in WORK for job in work.jobs],
    "retentions": [retention.name for retention in retentions()],
    "mails": list(MAIL_KINDS),
    "sealed": [column.table.name for column in sealed_columns()],
    "commands": list(typer.main.get_command(cli._commands).commands),
    "matrix": [*MUTATIONS, *ACCOUNT_FIELDS, *(kind.name for kind in NODES)],
    "oracle": [name for table in ("CONSEQUENCES", "STATUSES", "BOUNDS") for name in told_by_areas(table)],
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a copy of the program, with the area `notes` in it, has of everything."""
    copy = tmp_path_factory.mktemp("with_notes")
    for package in _PACKAGES:
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(_CHECKOUT / package, copy / package, ignore=ignored)
    for name, text in FILES.items():
        path = copy / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, (old, new) in CENTRAL.items():
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    looking = subprocess.run(
        [sys.executable, "-c", _LOOK], cwd=copy, capture_output=True, text=True, check=False
    )
    assert looking.returncode == 0, looking.stderr
    return json.loads(looking.stdout)


@pytest.mark.parametrize(
    "declared",
    [
        "type Note implements Node @requires",
        "  notes(",
        "): NoteConnection",
        "  noteAdd(input: NoteAddInput!): NotePayload!",
    ],
)
def test_the_api_has_it(declared: str, seen: Any) -> None:
    assert declared in seen["sdl"]


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("tables of trees", "notes"),
        ("functions", "mandant_notes_due()"),
        ("functions", "mandant_delete_old_notes()"),
        ("due", "SELECT 'note_reminder', due.tree, due.subject FROM mandant_notes_due()"),
        ("kinds of jobs", "note_reminder"),
        ("work", "note_reminder"),
        ("retentions", "notes"),
        ("mails", "REMINDER"),
        ("sealed", "notes"),
        ("commands", "notes"),
    ],
)
def test_the_program_has_it(where: str, name: str, seen: Any) -> None:
    assert name in seen[where]


def test_the_tables_of_the_tests_have_its_rows(seen: Any) -> None:
    assert {"noteAdd", "notes", "NOTE"} <= set(seen["matrix"])
    assert seen["oracle"].count("noteAdd") == 2
    assert "notes" in seen["oracle"]
