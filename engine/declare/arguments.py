"""GraphQL arguments as resolvers see them.

A resolver that writes `email: ColumnElement[str]` is handed a bind parameter, and clients send a `String`;
`ColumnElement[datetime.datetime]` is a `DateTime`. Enums, booleans and nulls arrive as Python values: they
shape the statement. An id is annotated with `GlobalId`, which knows how to read it; what is not an id of that
kind matches no row.
"""

import datetime
import enum
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import strawberry
from sqlalchemy import ColumnElement, DateTime, Text, Uuid
from sqlalchemy.types import TypeEngine
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from engine.base.client_values import Argument, Source, Variable, bound
from engine.base.moments import EndOf, Range, in_utc
from engine.declare.paging import DEFAULT_PAGE, LONGEST_PAGE, PAGE_ARGUMENTS

M = TypeVar("M")


@dataclass(frozen=True)
class GlobalId:
    """Marks an argument as a global id. `parse` gives None for what is not an id of the kind."""

    parse: Callable[[object], Hashable]
    type: TypeEngine[Any] = field(default_factory=Uuid)


@dataclass(frozen=True)
class Folded:
    """Marks a text that is bound in another form than the one it was written in. `fold` may raise
    BadArgument."""

    fold: Callable[[str], str]


def prefix_of(global_id: str) -> str:
    """The kind that a global id names, by its prefix."""
    return global_id.partition("_")[0]


@dataclass(frozen=True)
class Described:
    """An argument's documentation."""

    text: str


_PAGE_DESCRIPTIONS = {
    "first": "The number of items from the start, or after `after`: "
    f"0 to {LONGEST_PAGE:,}, by default {DEFAULT_PAGE}.",
    "after": "A cursor of this list. The page starts after it.",
    "last": f"The number of items from the end, or before `before`: 0 to {LONGEST_PAGE:,}.",
    "before": "A cursor of this list. The page ends before it.",
}


WINDOW = "window"
"""A list resolver's parameter for the page that is wanted, so that it need not read more."""


def takes_window(read: Callable[..., object]) -> bool:
    """Whether the resolver takes the page's window."""
    return WINDOW in _parameters(read)


def declared(read: Callable[..., object]) -> Iterator[StrawberryArgument]:
    """The arguments that clients may send: the resolver's parameters without the parent's rows and the
    window."""
    namespace = sys.modules[read.__module__].__dict__
    hints = _hints(read)
    _ends(read)
    for parameter in list(_parameters(read).values())[1:]:
        if parameter.name == WINDOW:
            continue
        hint = hints[parameter.name]
        default = UNSET if parameter.default in (inspect.Parameter.empty, None) else parameter.default
        yield StrawberryArgument(
            parameter.name,
            None,
            StrawberryAnnotation(client_type(hint), namespace=namespace),
            default=default,
            description=_description(hint),
        )


def paging() -> Iterator[StrawberryArgument]:
    """The arguments of every connection."""
    for name in PAGE_ARGUMENTS:
        kind = int if name in ("first", "last") else str
        annotation = StrawberryAnnotation(kind | None)
        yield StrawberryArgument(name, None, annotation, default=UNSET, description=_PAGE_DESCRIPTIONS[name])


def client_type(hint: Any) -> Any:
    """`ColumnElement[str] | None` is `str | None` to clients; an id is an `ID`."""
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        if not any(isinstance(note, GlobalId) for note in notes):
            return client_type(inner)
        return strawberry.ID | None if _is_optional(inner) else strawberry.ID
    if typing.get_origin(hint) is ColumnElement:
        return typing.get_args(hint)[0]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.Union[tuple(client_type(part) for part in typing.get_args(hint))]  # noqa: UP007
    return hint


def resolver_values(read: Callable[..., object], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the resolver takes them. An argument that was left out keeps the resolver's
    default."""
    hints = _hints(read)
    return {name: _value(hints[name], value) for name, value in given.items() if name in hints}


def checks_in(read: Callable[..., object], given: Mapping[str, Any]) -> list[Range | Source]:
    """What may refuse the resolver's arguments: ranges, and texts that are folded. Reading one raises
    BadArgument."""
    ranges = [Range(given.get(end.beginning), given.get(name), name) for name, end in _ends(read).items()]
    texts = [
        Source(given[name], fold)
        for name, fold in _folds(read).items()
        if given.get(name) not in (None, UNSET)
    ]
    return [*ranges, *texts]


@functools.cache
def _folds(read: Callable[..., object]) -> Mapping[str, Callable[[str], str]]:
    """How arguments are folded, by their names."""
    return {name: note.fold for name, hint in _hints(read).items() for note in _marks(hint, Folded)}


@functools.cache
def _ends(read: Callable[..., object]) -> Mapping[str, EndOf]:
    """The arguments that end a range. Raises TypeError if a resolver takes two moments and marks no end."""
    hints = _hints(read)
    moments = [name for name in list(_parameters(read))[1:] if _holds_moment(hints[name])]
    ends = {name: note for name in moments for note in _marks(hints[name], EndOf)}
    if len(moments) > 2 * len(ends) and len(moments) > 1:
        raise TypeError(f"{read.__module__}.{read.__name__}: which of {moments} ends a range?")
    return ends


def opened(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with an Argument for each bound value, so that the SQL made of them serves other
    values."""
    return {name: Argument((name,)) if _is_bound_later(value) else value for name, value in given.items()}


def _is_bound_later(value: Any) -> bool:
    text = isinstance(value, str | datetime.datetime) and not isinstance(value, enum.Enum)
    return text or isinstance(value, Variable)


def hashable(value: Any) -> Hashable:
    """The value of an argument as part of a key."""
    if isinstance(value, dict):
        return tuple((name, hashable(item)) for name, item in sorted(value.items()))
    if isinstance(value, list):
        return tuple(map(hashable, value))
    return value  # type: ignore[no-any-return]  # scalars, enums and variables hash


@functools.cache
def _hints(read: Callable[..., object]) -> dict[str, Any]:
    return typing.get_type_hints(read, sys.modules[read.__module__].__dict__, include_extras=True)


@functools.cache
def _parameters(read: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(read).parameters


def _value(hint: Any, value: Any) -> Any:
    global_id = _global_id(hint)
    if value is None or value is UNSET:
        return None
    if global_id is not None:
        return bound(value, global_id.type, global_id.parse)
    if _holds_moment(hint):
        return bound(value, DateTime(timezone=True), in_utc)
    if isinstance(value, Variable) or (isinstance(value, str) and not isinstance(value, enum.Enum)):
        folded = _marks(hint, Folded)
        return bound(value, Text(), folded[0].fold if folded else None)
    return value


def _holds_moment(hint: Any) -> bool:
    if typing.get_origin(hint) is ColumnElement:
        return datetime.datetime in typing.get_args(hint)
    return any(_holds_moment(part) for part in typing.get_args(hint))


def _global_id(hint: Any) -> GlobalId | None:
    """The mark of an id, wherever in the annotation it stands."""
    if isinstance(hint, GlobalId):
        return hint
    if typing.get_origin(hint) in (Annotated, typing.Union, types.UnionType):
        found = (_global_id(part) for part in typing.get_args(hint))
        return next((mark for mark in found if mark is not None), None)
    return None


def _description(hint: Any) -> str | None:
    return next((note.text for note in _marks(hint, Described)), None)


def _marks(hint: Any, kind: type[M]) -> list[M]:
    """The annotations of one kind."""
    notes = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
    return [note for note in notes if isinstance(note, kind)]


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)
