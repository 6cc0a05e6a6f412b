"""An area of the product has the same name in every package, and what is collected from areas names none."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.areas import AREAS

_ROOT = Path(__file__).parent.parent

_BELOW_THE_AREAS = {
    "schema": {"fields"},
    "resolvers": {"inputs", "outgoing", "rows", "sealing"},
    "models": {"base"},
    "tests/areas": set(),
}
"""What the areas of a package build on."""


def _folders(package: str) -> set[str]:
    return {path.parent.name for path in (_ROOT / package).glob("*/__init__.py")}


@pytest.mark.parametrize("package", _BELOW_THE_AREAS)
def test_folders_are_areas(package: str) -> None:
    assert _folders(package) - _BELOW_THE_AREAS[package] <= set(AREAS)


def test_every_area_is_there() -> None:
    folders = set().union(*map(_folders, _BELOW_THE_AREAS))
    assert folders >= set(AREAS)


_COLLECTING = (
    "models/__init__.py",
    "models/effects/functions.py",
    "models/effects/jobs.py",
    "resolvers/effects/functions.py",
    "resolvers/effects/mail_limits.py",
    "resolvers/effects/retention.py",
    "resolvers/inputs/global_ids.py",
    "schema/accounts/types.py",
    "schema/areas.py",
    "schema/query.py",
    "schema/root.py",
    "server/database/migrate.py",
    "server/jobs/dispatch.py",
    "server/jobs/work.py",
    "server/start/worker.py",
    "tests/authz/matrix/matrix_fields.py",
    "tests/bad_input/inputs.py",
    "tests/storage/growth.py",
    "tests/storage/tree.py",
    "tests/client/mail_kinds.py",
    "tests/world/oracles.py",
)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("name", _COLLECTING)
def test_what_collects_from_areas_imports_none(name: str) -> None:
    """Except those below all others: accounts, and what `effects` offers to every area."""
    folders = ("models", "resolvers", "schema", "tests.areas")
    areas = tuple(
        f"{folder}.{area}." for folder in folders for area in AREAS if area not in {"accounts", "effects"}
    )
    assert [module for module in _imported(_ROOT / name) if module.startswith(areas)] == []
