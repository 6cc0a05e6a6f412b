"""Where a sealed value is stored, and which columns hold such values."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table

from models.areas import modules_of_areas


@dataclass(frozen=True)
class Place:
    """A column of one row. `row`: the row's primary key, which begins with its tree."""

    column: str
    row: tuple[uuid.UUID, ...]

    @property
    def tree(self) -> bytes:
        """What all values of this column in this tree have in common."""
        return _written(self.column, self.row[:1])

    @property
    def whole(self) -> bytes:
        """What no other value has."""
        return _written(self.column, self.row)


def _written(column: str, ids: tuple[uuid.UUID, ...]) -> bytes:
    return column.encode() + b"".join(b" " + one.bytes for one in ids)


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values, in a table of a tree. An area declares its own in
    `resolvers/<area>/sealed_columns.py`."""

    table: Table
    name: str

    def place(self, row: Mapping[str, Any]) -> Place:
        """The place in a row, which needs only the columns of the primary key."""
        key = tuple(row[column.name] for column in self.table.primary_key.columns)
        return Place(f"{self.table.name}.{self.name}", key)


@cache
def sealed_columns() -> tuple[SealedColumn, ...]:
    """What areas contribute in a module `sealed_columns`, as `SEALED_COLUMNS`."""
    areas = modules_of_areas("resolvers.{area}.sealed_columns")
    return tuple(column for area in areas for column in area.SEALED_COLUMNS)
