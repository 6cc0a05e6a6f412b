"""Expressions over a row that are computed once, however many fields of the row use them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.sql.elements import Grouping


class Once(Grouping[Any]):
    """The expression, and the row that it reads. Where a compiled statement has it twice for one row, the row
    carries its value."""

    inherit_cache = True
    rows: FromClause


def once(rows: FromClause, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value that other fields of these rows are likely to need as well. It must depend on them alone."""
    made = Once(value)
    made.rows = rows
    return made
