"""Traces of what a process does. Where nobody collects them, a span costs a call that returns.

Whoever starts the process and wants traces puts a maker of spans here. A span never holds a client's data: a
statement's text has `$1` in place of values.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Attributes = Mapping[str, str | int | float | bool]
MakeSpan = Callable[[str, Attributes], AbstractContextManager[Any]]

_NOTHING = nullcontext()
_make: MakeSpan | None = None


def collect_by(make: MakeSpan) -> None:
    """From now on spans are made by this."""
    global _make
    _make = make


def are_collected() -> bool:
    """Whether anybody wants spans."""
    return _make is not None


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Any]:
    """What runs inside belongs to a span; `__` in an attribute's name stands for a dot."""
    if _make is None:
        return _NOTHING
    return _make(name, {key.replace("__", "."): value for key, value in attributes.items()})


def sql_span(sql: str) -> AbstractContextManager[Any]:
    """The span of one statement."""
    return _NOTHING if _make is None else span("sql", db__system__name="postgresql", db__query__text=sql)
