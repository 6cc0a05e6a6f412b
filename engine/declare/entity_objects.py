"""Objects of entity types. Python knows nothing of them but their row, and of a payload its plain fields."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")

Row = Mapping[str, Any]


class _HoldsRow(Protocol):
    row: Row


def row_object(cls: type[T], row: Row, **plain: object) -> T:
    """An object of an entity type for a row, and the values of its fields that are no SQL."""
    made = object.__new__(cls)
    vars(made).update(plain, row=row)
    return made


def row_of(made: object) -> Row:
    """The row of an object that `row_object` made."""
    return cast("_HoldsRow", made).row
