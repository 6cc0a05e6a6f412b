"""The model knows nothing of the product: else a wrong rule would be right on both sides."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent.parent
_PRODUCT = {"authz", "engine", "migrations", "models", "resolvers", "schema", "server", "benchmarks"}
_PLUMBING = "conftest.py"
"""Starts the application, and may know it."""
_FILES = [path for path in sorted(Path(__file__).parent.rglob("*.py")) if path.name != _PLUMBING]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_nothing_of_the_product_is_imported(path: Path) -> None:
    assert _reached(path) & _PRODUCT == set()


def test_an_import_of_the_product_is_found_behind_others() -> None:
    assert {"authz", "models"} <= _reached(_TESTS / "authz" / "escalation" / "reach_model.py")
    assert "server" in _reached(_TESTS / "isolation" / _PLUMBING)
    assert "models" in _reached(_TESTS / "storage" / "test_tables.py")


def _reached(path: Path) -> set[str]:
    """The packages that a file imports, itself or by what it imports of the tests."""
    found, left = set[str](), [path]
    looked_at = set[Path]()
    while left:
        path = left.pop()
        looked_at.add(path)
        for module in _imported(path):
            package, *inside = module.split(".")
            found.add(package)
            own = _TESTS.joinpath(*inside).with_suffix(".py")
            if package == "tests" and own.is_file() and own not in looked_at:
                left.append(own)
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their package"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "__import__",
            "importlib.import_module",
        ):
            raise AssertionError(f"{path.name} imports what nobody can see")
