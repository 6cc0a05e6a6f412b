"""Fragments: the SQL of a field's resolver is built and written once, and used in the statements of all
documents.

A fragment depends on the resolver, its arguments and the columns of the parent's rows, not on the document.
It is built over a stand-in for the parent, with parameters for the client's values. A use brings the parent
and the values. Building it for each document would be most of the cost of compiling a document.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ClauseElement, ColumnElement, FromClause, Select, column, table

from engine.base.client_values import Argument, source_of
from engine.base.elements import elements_of
from engine.compiled.fragments import STAND_IN, Arguments, Fragment, FragmentRows, FragmentUse, FragmentValue
from engine.compiled.sql_text import written
from engine.declare.declarations import SqlField
from engine.declare.field_cache import FieldCache

_MOST = 24_000_000
"""Bytes of the fragments that are kept."""
_BYTES_OF_A_PLACE = 1_000


@dataclass(frozen=True)
class Place:
    """A field, the variant of the statement (see `engine.compiled.sql_text.only_in`), and how it is used
    here."""

    field: SqlField
    variant: Hashable
    use: FragmentUse

    def rows(
        self,
        what: Hashable,
        build: Callable[[FromClause | None, Arguments], Select[Any]],
        *,
        lateral: bool = False,
    ) -> FragmentRows:
        """The rows that `build` makes over the parent's. `what` distinguishes them from others of the
        field."""
        return FragmentRows(self._fragment(("rows", what), build), self.use, is_lateral=lateral)

    def value(
        self, what: Hashable, build: Callable[[FromClause | None, Arguments], ColumnElement[Any]]
    ) -> FragmentValue:
        """A value that `build` makes over the parent's rows."""
        return FragmentValue(self._fragment(("value", what), build), self.use)

    def _fragment(
        self, what: Hashable, build: Callable[[FromClause | None, Arguments], ClauseElement]
    ) -> Fragment:
        parent, given = self.use.parent, self.use.given

        def make(shape: Arguments) -> _Known:
            stand_in = _stand_in(parent)
            built = build(stand_in, shape)
            return _Known(None if _has_argument_in_cte(built) else written(built, stand_in, self.variant))

        columns = None if parent is None else tuple(parent.c.keys())
        found = _fragments.get(self.field, (what, self.variant, columns), given, make).fragment
        if found is None:
            # A statement has each CTE once, so a CTE with a client's value serves this use alone.
            stand_in = _stand_in(parent)
            found = written(build(stand_in, given), stand_in, self.variant)
        return found


@dataclass(frozen=True)
class _Known:
    """A fragment; None: one cannot serve other uses."""

    fragment: Fragment | None

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _BYTES_OF_A_PLACE + (0 if self.fragment is None else self.fragment.size)


_fragments: FieldCache[_Known] = FieldCache(_MOST)


def _stand_in(parent: FromClause | None) -> FromClause | None:
    return None if parent is None else table(STAND_IN, *(column(c.key, c.type) for c in parent.c))


def _has_argument_in_cte(element: ClauseElement) -> bool:
    ctes = [inner.element for inner in elements_of(element) if isinstance(inner, CTE)]
    return any(_is_argument(inner) for inner in elements_of(*ctes))


def _is_argument(element: object) -> bool:
    source = source_of(element)
    return source is not None and isinstance(source.value, Argument)
