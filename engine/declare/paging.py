"""Relay connections: order, cursors and the window of a page, as SQL."""

import base64
import binascii
import functools
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from engine.base.client_values import Source, Variable, bound, source_of
from engine.base.field_errors import BadArgument

DEFAULT_PAGE = 20
LONGEST_PAGE = 1_000
"""Long enough for exports; `engine.limits.operation` counts what stands in a page as often as it is long."""

MOST_IDS = 100
"""That objects of any type are looked up by at once."""

_LARGEST_KEY = 2**63 - 1

PAGE_ARGUMENTS = ("first", "after", "last", "before")

OPEN_SIZE = "size${}$"
"""What stands for a page's size, and so many more rows, in SQL that serves pages of all sizes."""


class BadPage(BadArgument):
    """The page does not exist: its size is out of bounds, or its cursor is of another list. The error names
    the argument."""


@dataclass(frozen=True)
class Order:
    """Sort columns: never null, all in one direction, the last one unique. `tag` marks its cursors."""

    tag: str
    columns: tuple[ColumnElement[Any], ...]
    descending: bool = False

    def of(self, rows: FromClause) -> list[ColumnElement[Any]]:
        """The sort columns as the rows have them."""
        return [rows.c[str(column.key)] for column in self.columns]


Keys = tuple[ColumnElement[Any], ...]
"""A cursor's values, one for each sort column."""


@dataclass(frozen=True)
class Window:
    """Which part of a list a page shows: its order, its bounds and its length. `is_open`: SQL is written for
    all lengths."""

    order: Order
    size: int
    after: Keys | None
    before: Keys | None
    backward: bool
    is_open: bool = False

    @property
    def sources(self) -> list[Source]:
        """The sources of the cursors' keys, which are read from variables."""
        keys = [*(self.after or ()), *(self.before or ())]
        return [source for key in keys if (source := source_of(key)) is not None]

    @property
    def bounded(self) -> bool:
        """Whether a cursor was given: then there are items on its other side."""
        return (self.before if self.backward else self.after) is not None

    def apply(
        self, statement: Select[Any], columns: Sequence[ColumnElement[Any]], *, overshoot: bool = True
    ) -> Select[Any]:
        """The window's rows. With `overshoot` one more is read, which shows whether the list goes on."""
        keys = tuple_(*columns)
        if self.after is not None:
            bounds = tuple_(*self.after)
            statement = statement.where(keys < bounds if self.order.descending else keys > bounds)
        if self.before is not None:
            bounds = tuple_(*self.before)
            statement = statement.where(keys > bounds if self.order.descending else keys < bounds)
        return statement.order_by(*self.sorted(columns)).limit(self.rows(int(overshoot)))

    def rows(self, more: int) -> ColumnElement[int]:
        """The number of its rows, and so many more."""
        written = OPEN_SIZE.format(more) if self.is_open else str(self.size + more)
        return literal_column(written, Integer)

    def sorted(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """The columns in the direction in which the page is read."""
        down = self.order.descending != self.backward
        return [column.desc() if down else column.asc() for column in columns]


def window(order: Order, arguments: Mapping[str, Any], longest: int = LONGEST_PAGE) -> Window:
    """The window that a field's arguments ask for. `longest`: the most items of a page. Raises BadPage."""
    first, after, last, before = (arguments.get(name) for name in PAGE_ARGUMENTS)
    if first is not None and last is not None:
        raise BadPage("Give first or last, not both.")
    given = first if last is None else last
    size = DEFAULT_PAGE if given is None else given
    if not 0 <= size <= longest:
        name = "first" if last is None else "last"
        raise BadPage(f"first and last must lie between 0 and {longest}.", name)
    return Window(
        order,
        size,
        _keys(order, after, "after"),
        _keys(order, before, "before"),
        backward=last is not None,
    )


def _keys(order: Order, cursor: str | Variable | None, name: str) -> Keys | None:
    if cursor is None:
        return None
    return tuple(
        bound(cursor, column.type, functools.partial(_decoded, order, index, name))
        for index, column in enumerate(order.columns)
    )


def _decoded(order: Order, index: int, name: str, cursor: str) -> object:
    """One key of a cursor, which the argument of this name holds. Raises BadPage."""
    try:
        return _key(order.columns[index], _texts(order, cursor)[index])
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadPage("Not a cursor of this list.", name) from error


def _texts(order: Order, cursor: str) -> list[object]:
    """A cursor's keys as they are written. Raises ValueError, among others, for one of another list."""
    keys: list[object]
    tag, *keys = json.loads(base64.b64decode(cursor, validate=True))
    if tag != order.tag or len(keys) != len(order.columns):
        raise ValueError(tag)
    return keys


def _key(column: ColumnElement[Any], key: object) -> object:
    if isinstance(column.type, Integer):
        if not isinstance(key, int) or isinstance(key, bool) or abs(key) > _LARGEST_KEY:
            raise ValueError(key)
        return key
    if not isinstance(key, str) or "\x00" in key:
        raise ValueError(key)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(key)
    key.encode()
    return uuid.UUID(key) if isinstance(column.type, Uuid) else key


def cursor_of(rows: FromClause, order: Order) -> ColumnElement[str]:
    """A row's cursor: base64 of a JSON array of the order's tag and the row's keys."""
    keys = func.json_build_array(literal(order.tag, Text), *map(_written, order.of(rows)))
    encoded = func.encode(
        func.convert_to(cast(keys, Text), literal_column("'UTF8'")), literal_column("'base64'")
    )
    return func.translate(encoded, literal_column("E'\\n'"), literal_column("''"))


def _written(key: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.encode(key, literal_column("'hex'")) if isinstance(key.type, LargeBinary) else key


def page_rows(statement: Select[Any], window: Window, *, correlate_to: FromClause) -> FromClause:
    """The page's rows, with their `cursor__`, as a LATERAL join for the parents."""
    rows = statement.correlate(correlate_to).subquery()
    columns = window.order.of(rows)
    cut = window.apply(
        select(*rows.c, cursor_of(rows, window.order).label("cursor__")).correlate_except(rows), columns
    )
    return cut.lateral()
