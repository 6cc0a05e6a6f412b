"""The lint against hand-written reach: who may is decided in `authz/`, everybody else asks it.

It names the functions that touch what reach is made of: the principal's row, grants and reach themselves, the
memberships and shares of a person, and these or the tree in SQL that is written as text.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

WATCHED = {
    "authz.reach.reach.PRINCIPAL": "the principal's row",
    "authz.reach.reach.GRANTS": "grants",
    "authz.reach.reach.REACH": "reach",
    "authz.reach.grants.grants_now": "grants",
    "authz.reach.reach.mask_of_account": "masks",
    "authz.reach.grants.active_memberships": "memberships",
    "authz.reach.break_glass.opening_grants": "grants",
    "authz.reach.grants.membership_grants": "grants",
    "authz.reach.grants.grants_of_keys": "grants",
    "authz.reach.grants.share_grants": "grants",
    "authz.reach.further_grants.further_grants": "grants",
    "authz.reach.narrowed.narrowed_grants": "grants",
    "authz.reach.narrowed.grants_of_token": "grants",
    "authz.reach.narrowed.grants_of_working": "grants",
    "authz.reach.everybody.access_in": "everybody's rights",
    "authz.reach.everybody.access_with_tokens_in": "everybody's rights",
    "authz.callers.principals.principal_rows": "the principal's row",
    "authz.callers.principals.subject_rows": "a subject's row",
}
"""The parts that reach is made of: whoever has them can make another one."""

MEMBERSHIPS = "models.members.tables.memberships"
SHARES = "models.shares.tables.shares"
PERSON = "user_id"
_SQL = re.compile(
    r"\b(from|join)\s+(only\s+)?(public\.)?(memberships|shares|share_accounts|break_glass_openings|account_closure)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Use:
    """A function, as `module.function`, and what it uses. `module` alone: outside of functions."""

    place: str
    what: str


def uses(module: str, source: str) -> set[Use]:
    """What the module's source uses of the parts of reach."""
    finder = _Finder(module)
    finder.visit(ast.parse(source))
    return finder.found


@dataclass
class _Finder(ast.NodeVisitor):
    module: str
    names: dict[str, str] = field(default_factory=dict)
    """What the module's names stand for, as dotted paths."""
    function: str | None = None
    found: set[Use] = field(default_factory=set)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.names[name] = alias.name if alias.asname else name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer = self.function
        self.function = outer or node.name
        paths = set(self._paths(node))
        if PERSON in _columns(node):
            for table in paths & {MEMBERSHIPS, SHARES}:
                self._report(f"{table} by {PERSON}")
        self.generic_visit(node)
        self.function = outer

    def visit_Name(self, node: ast.Name) -> None:
        self._look_at(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._look_at(node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _SQL.search(node.value):
            self._report("memberships, shares or the tree in SQL as text")

    def _look_at(self, node: ast.expr) -> None:
        path = self._path(node)
        if path in WATCHED:
            self._report(path)

    def _report(self, what: str) -> None:
        place = self.module if self.function is None else f"{self.module}.{self.function}"
        self.found.add(Use(place, what))

    def _paths(self, node: ast.AST) -> Iterator[str]:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name | ast.Attribute):
                path = self._path(inner)
                if path is not None:
                    yield path

    def _path(self, node: ast.expr) -> str | None:
        """`reach.PRINCIPAL` after `from authz.reach import reach` is `authz.reach.reach.PRINCIPAL`."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            outer = self._path(node.value)
            return None if outer is None else f"{outer}.{node.attr}"
        return None


def _columns(node: ast.AST) -> set[str]:
    """The columns that are read of whatever table: `table.c.user_id`, `table.c["user_id"]`."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and _is_columns(inner.value):
            found.add(inner.attr)
        if isinstance(inner, ast.Subscript) and _is_columns(inner.value):
            found.add(ast.unparse(inner.slice).strip("'"))
    return found


def _is_columns(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("c", "columns")
