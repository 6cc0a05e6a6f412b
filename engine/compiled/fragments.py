"""Pieces of SQL that are written already, and their uses in statements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BindParameter, ColumnElement, FromClause, TableClause, column
from sqlalchemy.sql.elements import _anonymous_label
from sqlalchemy.types import TypeEngine

from engine.base.client_values import Argument, bound, source_of

STAND_IN = "parent$"
"""The name of the stand-in for the parent's rows."""

OWN = "$$"
"""Stands behind the names of a fragment's own, so that each use has others."""

_BYTES_OF_A_BIND = 2_000
_BYTES_OF_A_COLUMN = 200

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Fragment:
    """A SELECT over the stand-in and its columns, or a value and its type."""

    text: str
    ctes: Mapping[str, CTE]
    """By the tokens that stand for their names."""
    binds: Mapping[str, BindParameter[Any]]
    """By the names of their placeholders."""
    columns: tuple[tuple[str, TypeEngine[Any]], ...]
    type_: TypeEngine[Any]

    @property
    def size(self) -> int:
        """Bytes of memory, about; the CTEs are other fragments' too."""
        return len(self.text) + _BYTES_OF_A_BIND * len(self.binds) + _BYTES_OF_A_COLUMN * len(self.columns)


@dataclass(frozen=True)
class FragmentUse:
    """The parent's rows (None: the root), and the values of the arguments."""

    parent: FromClause | None
    given: Arguments

    def bound(self, bind: BindParameter[Any]) -> BindParameter[Any]:
        """The parameter in place of the fragment's."""
        source = source_of(bind)
        if source is None or not isinstance(source.value, Argument):
            return bind
        return bound(source.value.read(self.given), bind.type, source.convert)


class FragmentRows(TableClause):
    """A fragment in a FROM."""

    __visit_name__ = "fragment_rows"
    inherit_cache = False

    def __init__(self, fragment: Fragment, use: FragmentUse, *, is_lateral: bool) -> None:
        name = _anonymous_label.safe_construct(id(self), "rows")
        super().__init__(name, *(column(name, type_) for name, type_ in fragment.columns))
        self.fragment = fragment
        self.use = use
        self.is_lateral = is_lateral


class FragmentValue(ColumnElement[Any]):
    """A fragment as a value."""

    __visit_name__ = "fragment_value"
    inherit_cache = False

    def __init__(self, fragment: Fragment, use: FragmentUse) -> None:
        self.type = fragment.type_
        self.fragment = fragment
        self.use = use
