"""Makes a script for pgbench from recorded statements.

`$n` become variables of pgbench. A value that is the same in all requests is fixed. The others are drawn from
rows, one for each request.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from benchmarks.recording import Sent

_PLACEHOLDER = re.compile(r"\$(\d+)")
_INSERT = re.compile(r"INSERT INTO (?P<table>\w+) \((?P<columns>[^)]*)\) SELECT (?P<values>.*)")
_NEW = {"events": ("id", "uuidv7()"), "idempotency_records": ("key", "gen_random_uuid()::text")}
"""Columns that need a new value each time a request is repeated, by table, and how PostgreSQL makes it."""

_POSTED = re.compile(r"(?<=ledger_post\(\$1::UUID, )\$2::UUID")


@dataclass(frozen=True)
class Script:
    """Statements with `:variables`, and the values of these."""

    statements: tuple[str, ...]
    ahead: tuple[bool, ...]
    """Which of them travel with the next one."""
    fixed: dict[str, str]
    drawn: tuple[str, ...]
    """The variables for which each of `rows` has values."""
    rows: tuple[tuple[str, ...], ...]


def script_of(recorded: Sequence[Sequence[Sent]]) -> Script:
    """The script for requests with the same statements and with values of their own."""
    requests = list(recorded)
    texts = [sent.sql for sent in requests[0]]
    if any([sent.sql for sent in request] != texts for request in requests):
        raise AssertionError("requests of one operation take the same statements")
    columns = {
        f"v{number}_{place + 1}": [request[number].values[place] for request in requests]
        for number, sent in enumerate(requests[0])
        for place in range(len(sent.values))
    }
    nulls = {name for name, values in columns.items() if values[0] is None}
    statements = tuple(
        _with_variables(_with_new_ids(text), number, nulls) for number, text in enumerate(texts)
    )
    used = {name: _texts(values) for name, values in columns.items() if _uses(statements, name)}
    fixed = {name: values[0] for name, values in used.items() if len(set(values)) == 1}
    drawn = tuple(name for name in used if name not in fixed)
    ahead = tuple(sent.ahead for sent in requests[0])
    return Script(statements, ahead, fixed, drawn, tuple(zip(*(used[name] for name in drawn), strict=True)))


def _texts(values: Sequence[str | None]) -> list[str]:
    texts = [value for value in values if value is not None]
    if len(texts) < len(values):
        raise AssertionError("a value is null in all requests or in none")
    return texts


def _with_variables(text: str, number: int, nulls: Set[str]) -> str:
    def variable(found: re.Match[str]) -> str:
        name = f"v{number}_{found[1]}"
        return "NULL" if name in nulls else f":{name}"

    return _PLACEHOLDER.sub(variable, text.rstrip("; \n"))


def _with_new_ids(text: str) -> str:
    """Rows that are written again need new ids. Only PostgreSQL can make them here."""
    text = _POSTED.sub("uuidv7()", text)
    found = _INSERT.search(text)
    if found is None or found["table"] not in _NEW:
        return text
    column, made = _NEW[found["table"]]
    values = found["values"].split(", ")
    values[found["columns"].split(", ").index(column)] = made
    return text[: found.start("values")] + ", ".join(values) + text[found.end("values") :]


def _uses(statements: Sequence[str], name: str) -> bool:
    return any(re.search(rf":{name}\b", statement) for statement in statements)
