"""Traces of what a process does. Where nobody collects them, a span costs a call that returns.

Whoever starts the process and wants traces puts a maker of spans here. A span never holds a client's data: a
statement's text has `$1` in place of values.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

Attributes = Mapping[str, str | int | float | bool]
MakeSpan = Callable[[str, Attributes], AbstractContextManager[Any]]

_NOTHING = nullcontext()
_make: MakeSpan | None = None
_is_silent: ContextVar[bool] = ContextVar("is_silent", default=False)


def collect_by(make: MakeSpan) -> None:
    """From now on spans are made by this."""
    global _make
    _make = make


def are_collected() -> bool:
    """Whether anybody wants spans."""
    return _make is not None


@contextmanager
def no_spans() -> Iterator[None]:
    """What runs inside leaves no spans: looks that a process takes every second, and that mostly find
    nothing."""
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Any]:
    """What runs inside belongs to a span; `__` in an attribute's name stands for a dot."""
    if _make is None or _is_silent.get():
        return _NOTHING
    return _make(name, {key.replace("__", "."): value for key, value in attributes.items()})


def sql_span(sql: str) -> AbstractContextManager[Any]:
    """The span of one statement."""
    return _NOTHING if _make is None else span("sql", db__system__name="postgresql", db__query__text=sql)
