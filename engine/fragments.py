"""What resolvers give, put together and written once, and used in the statements of all documents.

A resolver's SQL depends on its arguments and on the columns of its parent's rows, not on the document. So it
is built over a stand-in for the parent, with parameters for what clients say; a use of it brings the parent
and the values. To build it anew for each document would be most of what a document takes to compile.
"""

import datetime
import enum
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ClauseElement,
    ColumnElement,
    FromClause,
    Select,
    TableClause,
    column,
    table,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import _anonymous_label
from sqlalchemy.types import NullType, TypeEngine

from engine.arguments import hashable
from engine.binds import Variable, bound, source_of
from engine.declarations import SqlField

STAND_IN = "parent$"
"""The name of the stand-in for the parent's rows."""

_OF_A_FIELD = 64
"""So many fragments of a field are kept."""

Arguments = Mapping[str, Any]
Columns = tuple[tuple[str, TypeEngine[Any]], ...]


@dataclass(frozen=True)
class FragmentText:
    """A fragment's text: `$$` behind its own names, tokens for CTEs, and its parameters by their names."""

    text: str
    ctes: Mapping[str, CTE]
    binds: Mapping[str, BindParameter[Any]]


@dataclass(frozen=True)
class Fragment:
    """SQL over the stand-in, and its texts by the variants of statements."""

    element: ClauseElement
    stand_in: FromClause | None
    columns: Columns
    """Of a SELECT."""
    type_: TypeEngine[Any]
    """Of a value."""
    texts: dict[Hashable, FragmentText] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a field is selected: the rows of its parent (None: the root), and the arguments."""

    field: SqlField
    parent: FromClause | None
    given: Arguments

    def rows(
        self,
        what: Hashable,
        build: Callable[[FromClause | None, Arguments], Select[Any]],
        *,
        lateral: bool = False,
    ) -> "FragmentRows":
        """The rows that are built over the parent's; `what` tells them from others of the field."""
        return FragmentRows(self._fragment(("rows", what), build), self, is_lateral=lateral)

    def value(
        self, what: Hashable, build: Callable[[FromClause | None, Arguments], ColumnElement[Any]]
    ) -> "FragmentValue":
        """The same for a value."""
        return FragmentValue(self._fragment(("value", what), build), self)

    def _fragment(
        self, what: Hashable, build: Callable[[FromClause | None, Arguments], ClauseElement]
    ) -> Fragment:
        kept: OrderedDict[Hashable, Fragment | None]
        kept = self.field.__dict__.setdefault("fragments", OrderedDict())
        opened = {name: _opened(name, value) for name, value in self.given.items()}
        columns = None if self.parent is None else tuple(self.parent.c.keys())
        key = (what, columns, *((name, hashable(value)) for name, value in opened.items()))
        if key in kept:
            kept.move_to_end(key)
        else:
            built = _built(self.parent, lambda stand_in: build(stand_in, opened))
            kept[key] = None if _has_argument_in_cte(built.element) else built
            if len(kept) > _OF_A_FIELD:
                kept.popitem(last=False)
        # A CTE is there once in a statement: one that holds what a client says has to be of this use alone.
        return kept[key] or _built(self.parent, lambda stand_in: build(stand_in, self.given))

    def bound(self, bind: BindParameter[Any]) -> BindParameter[Any]:
        """The parameter of this use in place of the fragment's."""
        source = source_of(bind)
        if source is None or not isinstance(source.value, Argument):
            return bind
        return bound(source.value.read(self.given), bind.type, source.convert)


@dataclass(frozen=True)
class Argument(Variable):
    """An argument's value that is bound where the fragment is used: its path is in the arguments."""


class FragmentRows(TableClause):
    """A fragment in a FROM."""

    __visit_name__ = "fragment_rows"
    inherit_cache = False

    def __init__(self, fragment: Fragment, place: Place, *, is_lateral: bool) -> None:
        name = _anonymous_label.safe_construct(id(self), "rows")
        super().__init__(name, *(column(name, type_) for name, type_ in fragment.columns))
        self.fragment = fragment
        self.place = place
        self.is_lateral = is_lateral


class FragmentValue(ColumnElement[Any]):
    """A fragment as a value."""

    __visit_name__ = "fragment_value"
    inherit_cache = False

    def __init__(self, fragment: Fragment, place: Place) -> None:
        self.type = fragment.type_
        self.fragment = fragment
        self.place = place


def _built(parent: FromClause | None, build: Callable[[FromClause | None], ClauseElement]) -> Fragment:
    stand_in = None if parent is None else table(STAND_IN, *(column(c.key, c.type) for c in parent.c))
    element = build(stand_in)
    columns = element.subquery().c if isinstance(element, Select) else ()
    type_ = element.type if isinstance(element, ColumnElement) else NullType()
    return Fragment(element, stand_in, tuple((str(c.key), c.type) for c in columns), type_)


def _has_argument_in_cte(element: ClauseElement) -> bool:
    ctes = [inner for inner in visitors.iterate(element) if isinstance(inner, CTE)]
    return any(_is_argument(inner) for cte in ctes for inner in visitors.iterate(cte.element))


def _is_argument(element: object) -> bool:
    source = source_of(element) if isinstance(element, BindParameter) else None
    return source is not None and isinstance(source.value, Argument)


def _opened(name: str, value: Any) -> Any:
    text = isinstance(value, str | datetime.datetime) and not isinstance(value, enum.Enum)
    return Argument((name,)) if text or isinstance(value, Variable) else value
