"""What writes the tables that access is made of, found in the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_CHECKOUT = Path(__file__).parents[3]
_PACKAGES = ("authz", "engine", "models", "resolvers", "schema", "server")

TABLES = (
    *("memberships", "roles", "api_keys", "shares", "share_accounts", "break_glass_openings"),
    *("accounts", "account_closure", "access_promises", "access_promise_exceptions"),
)
"""What reach reads, but for the people themselves; and what was promised."""
ANY = "any table"
"""What COPY writes, whose table is a value."""
SHARED = {
    "write_key": "api_keys",
    "write_share": "shares",
    "add_accounts": "share_accounts",
    "let_pass": "account_closure",
}
"""Functions that write what others decide, with the table: who calls them writes it."""
_STARTS = re.compile(r"insert|update|delete|upsert|merge|stored")
_SQL = re.compile(
    rf"\b(?:insert\s+into|update|delete\s+from|merge\s+into|copy|truncate)\s+(?:only\s+)?(?:public\.)?({'|'.join(TABLES)})\b",
    re.IGNORECASE,
)


def writers() -> set[tuple[str, str]]:
    """Each function, as `path:name`, with a table that it writes; of files of SQL the path alone."""
    found = set[tuple[str, str]]()
    for package in _PACKAGES:
        for path in sorted((_CHECKOUT / package).rglob("*")):
            if path.suffix not in (".py", ".sql") or "node_modules" in path.parts:
                continue
            place, text = path.relative_to(_CHECKOUT).as_posix(), path.read_text(encoding="utf-8")
            if path.suffix == ".sql":
                found |= {(place, table) for table in _in_sql(text)}
            else:
                found |= set(written_by(place, text))
    return found


def written_by(place: str, source: str) -> Iterator[tuple[str, str]]:
    """What the functions of a module write: statements that are built, and such that are text."""
    module = ast.parse(source)
    names = _tables_of(module)
    for name, node in _functions(module):
        for table in _writes(node, names | _local(node, names)):
            yield f"{place}:{name}", table


def _functions(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """The outermost functions and methods by their names; the rest of the module as `module`."""
    for node in module.body:
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            is_named = isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            yield (str(getattr(each, "name", "")) if is_named else "module"), each


def _tables_of(module: ast.Module) -> dict[str, str]:
    """The names in a module that mean one of the tables."""
    names = {table: table for table in TABLES}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            names |= {each.asname: each.name for each in node.names if each.asname and each.name in TABLES}
    return names


def _local(function: ast.AST, names: dict[str, str]) -> dict[str, str]:
    """What a function calls the tables besides: `crossing = account_closure`, also in tuples."""
    found = dict[str, str]()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            (target, value) = (node.targets[0], node.value)
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=True))
            found |= {ast.unparse(to): names[ast.unparse(of)] for to, of in pairs if ast.unparse(of) in names}
    return found


def _writes(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield from _in_sql(each.value)
        if isinstance(each, ast.Call):
            called = each.func.attr if isinstance(each.func, ast.Attribute) else ast.unparse(each.func)
            given = [*each.args, each.func.value] if isinstance(each.func, ast.Attribute) else each.args
            written = {ast.unparse(value).rpartition(".")[2] for value in given}
            if called == "copy_records_to_table":
                yield ANY
            elif called in SHARED:
                yield SHARED[called]
            elif _STARTS.match(called):
                yield from (names[name] for name in written & names.keys())


def _in_sql(text: str) -> Iterator[str]:
    return (found.lower() for found in _SQL.findall(text))
