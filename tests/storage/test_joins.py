"""No join forgets the tenant: whether two rows are of one tree is asked by `models.accounts.trees` alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[2]
_PACKAGES = ("models", "authz", "resolvers", "schema", "server")
_BY_HAND = {
    "models/accounts/trees.py": "it defines them",
}


def _is_columns(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "c"


def _named_columns(tree: ast.Module) -> set[str]:
    """Names such as `count` in `count = send_counts.c`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target, value in _pairs(node.targets[0], node.value):
                if isinstance(target, ast.Name) and _is_columns(value):
                    names.add(target.id)
    return names


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _tenants(node: ast.expr, named: set[str]) -> bool:
    """Whether it is the column `master_id` of a row, as in `rows.c.master_id`."""
    if isinstance(node, ast.Subscript):
        return _is_columns(node.value) and ast.unparse(node.slice) == "'master_id'"
    if not isinstance(node, ast.Attribute) or node.attr != "master_id":
        return False
    return _is_columns(node.value) or (isinstance(node.value, ast.Name) and node.value.id in named)


def compared_by_hand(source: str) -> Iterator[int]:
    """The lines on which the tenants of two rows are compared."""
    tree = ast.parse(source)
    named = _named_columns(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and all(
            _tenants(side, named) for side in (node.left, *node.comparators)
        ):
            yield node.lineno


@pytest.mark.parametrize("package", _PACKAGES)
def test_joins_use_the_helpers(package: str) -> None:
    found = []
    for path in sorted((_CHECKOUT / package).rglob("*.py")):
        name = path.relative_to(_CHECKOUT).as_posix()
        if not name.startswith(tuple(_BY_HAND)):
            lines = compared_by_hand(path.read_text(encoding="utf-8"))
            found += [f"{name}:{line}" for line in lines]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a.c.master_id == b.c.master_id", [1]),
        ("a.c['master_id'] == b.c.master_id", [1]),
        ("count, cycle = counts.c, cycles.c\ncount.master_id == cycle.master_id", [2]),
        ("in_tree(a, b, id='a_id')", []),
        ("a.c.master_id == account.master_id", []),
        ("a.c.id == b.c.a_id", []),
    ],
)
def test_what_the_check_finds(source: str, lines: list[int]) -> None:
    assert list(compared_by_hand(source)) == lines
