"""What resolvers give is built and written once, and used in the statements of all documents.

A fragment depends on the resolver, its arguments and the type that the field belongs to, not on the document
and not on the kind of caller. It is built over a stand-in for the parent's rows, with parameters for the
client's values. A use brings the parent and the values. Building it for each document would be most of the
cost of compiling a document.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, FromClause, Select, column, table
from sqlalchemy.types import TypeEngine

from engine.compiled.fragment_writer import written
from engine.compiled.fragments import STAND_IN, Arguments, Fragment
from engine.compiled.row_scope import Rows
from engine.compiled.statement_text import StatementText, Use
from engine.declare.declarations import SqlField
from engine.declare.field_cache import FieldCache

_MOST = 24_000_000
"""Bytes of the fragments that are kept."""
_BYTES_OF_A_PLACE = 1_000

Columns = Mapping[str, TypeEngine[Any]]

BuildRows = Callable[[FromClause | None, Arguments], Select[Any]]
BuildValue = Callable[[FromClause | None, Arguments], ColumnElement[Any]]
Build = Callable[[FromClause | None, Arguments], ClauseElement]


@dataclass(frozen=True)
class Place:
    """A field in a statement: of which rows it is a field, and the columns that resolvers may read of them.
    None: it is a field of the root, which has nothing to read."""

    field: SqlField
    statement: StatementText
    parent: Rows
    columns: Columns | None
    given: Arguments

    def rows(self, what: Hashable, build: BuildRows, size: int = 0) -> Use:
        """The rows that `build` makes over the parent's. `what` distinguishes them from others of the field.
        `size`: the page's, if they are one."""
        return self._use(("rows", what), build, size)

    def value(self, what: Hashable, build: BuildValue) -> str:
        """A value that `build` makes over the parent's rows."""
        return self.parent.once(self.statement.text(self._use(("value", what), build, 0)))

    def _use(self, what: Hashable, build: Build, size: int) -> Use:
        parent = None if self.columns is None else self.parent
        return self.statement.use(self._fragment(what, build), parent, self.given, size)

    def _fragment(self, what: Hashable, build: Build) -> Fragment:
        def make(shape: Arguments) -> _Kept:
            stand_in = _stand_in(self.columns)
            return _Kept(written(build(stand_in, shape), stand_in))

        names = None if self.columns is None else tuple(self.columns)
        return _fragments.get(self.field, (what, names), self.given, make).fragment


@dataclass(frozen=True)
class _Kept:
    fragment: Fragment

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _BYTES_OF_A_PLACE + self.fragment.size


_fragments: FieldCache[_Kept] = FieldCache(_MOST)


def _stand_in(columns: Columns | None) -> FromClause | None:
    return (
        None
        if columns is None
        else table(STAND_IN, *(column(name, type_) for name, type_ in columns.items()))
    )
