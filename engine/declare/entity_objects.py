"""Objects of entity types. Python knows nothing of them but their row, and of a payload its plain fields."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")

Row = Mapping[str, Any]


class _HoldsRow(Protocol):
    row: Row


def row_object(cls: type[T], row: Row) -> T:
    """An object of an entity type for a row."""
    made = object.__new__(cls)
    cast("_HoldsRow", made).row = row
    return made


def row_of(made: object) -> Row:
    """The row of an object that `row_object` made."""
    return cast("_HoldsRow", made).row
