"""The rows that a compiled selection reads."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, literal_column, select, true

PRESENT = "present__"
"""A column that is NULL where a left join found nothing."""


class RowScope:
    """Rows, and the to-one rows that are joined to them on the way. `source`: where the rows come from, if
    more than they themselves."""

    def __init__(self, rows: FromClause, source: FromClause | None = None) -> None:
        self.rows = rows
        self._source = rows if source is None else source

    def join(self, rows: FromClause) -> None:
        """Join at most one row to each."""
        self._source = self._source.outerjoin(rows, true())

    def each(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """The columns for each row."""
        return select(*columns).select_from(self._source)

    def gather(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """The value as a sub-select: NULL without rows."""
        return self._selected(value).scalar_subquery()

    def gather_all(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """One value for all rows together, also if nothing is aggregated."""
        return self._selected(value).having(true()).scalar_subquery()

    def _selected(self, value: ColumnElement[Any]) -> Select[Any]:
        # What the value names of outer rows is theirs, never one more FROM here.
        own = self._source._from_objects
        return select(value).select_from(self._source).correlate_except(*own)


def to_one_rows(statement: Select[Any]) -> Select[Any]:
    """The row that a JoinedRow wants: with a mark that it is there.

    The fence makes the planner look the row up instead of joining whole tables.
    """
    return statement.add_columns(literal_column("true").label(PRESENT)).limit(1)


class JoinedRow(RowScope):
    """A to-one row. Rows below it are joined to the same outer rows."""

    def __init__(self, rows: FromClause, outer: RowScope) -> None:
        outer.join(rows)
        super().__init__(rows)
        self._outer = outer

    @property
    def present(self) -> ColumnElement[bool]:
        """Whether there is a row."""
        return self.rows.c[PRESENT].is_not(None)

    def join(self, rows: FromClause) -> None:
        self._outer.join(rows)
