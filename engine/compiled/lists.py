"""A paged list as SQL: its page's rows, their cursors, and the number of all of its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select

from engine.base.client_values import NotCompilableError
from engine.compiled.connections import NUMBER, order_by
from engine.compiled.fragment_cache import Place
from engine.compiled.fragments import Arguments
from engine.compiled.row_scope import Rows, RowScope, Source, source_of
from engine.compiled.sql_text import quoted_name
from engine.compiled.statement_text import Use
from engine.declare.arguments import WINDOW, resolver_values, takes_window
from engine.declare.declarations import Read, SqlField
from engine.declare.field_types import order_of
from engine.declare.paging import PAGE_ARGUMENTS, Window, cursor_of, window


def resolver_of(field: SqlField) -> Read:
    """The field's resolver."""
    read = field.declaration.read
    if read is None:
        raise NotCompilableError
    return read


def resolved(
    field: SqlField, rows: FromClause | None, given: Arguments, page: Window | None = None
) -> Select[Any]:
    """The resolver's rows, correlated to the parent's; with `page`, at least that page's."""
    read = resolver_of(field)
    values = resolver_values(read, given)
    if page is not None and takes_window(read):
        values[WINDOW] = page
    statement: Select[Any] = read(rows, **values)
    return statement if rows is None else statement.correlate(rows)


class CompiledList:
    """See `engine.compiled.connections.Items`. Raises BadPage."""

    def __init__(self, place: Place, scope: RowScope) -> None:
        self._place = place
        self._scope = scope
        self.window = _window(place.field, place.given)

    def count(self) -> str:
        """The number of all of its rows."""
        return self._scope.below(source_of(self._place.statement, self._all())).gather("count(*)")

    def page(self, *, overshoots: bool) -> RowScope:
        """The page's rows."""
        rows = self._at_least_the_page() if takes_window(resolver_of(self._place.field)) else self._all()
        cut = self._cut(source_of(self._place.statement, rows), overshoots=overshoots)
        return self._scope.below(self._numbered(cut) if overshoots else cut)

    def _all(self) -> Use:
        """All of its rows: what all pages are cut from."""
        # Neither a cursor nor a page's size is a part of the fragment.
        given = {**self._place.given, **dict.fromkeys(PAGE_ARGUMENTS)}
        field = self._place.field
        return replace(self._place, given=given).rows("", lambda rows, given: resolved(field, rows, given))

    def _at_least_the_page(self) -> Use:
        """The rows that the resolver gives where it knows which page is wanted."""
        field, size = self._place.field, self.window.size
        sizes = {"first": None, "last": 0 if self.window.backward else None}

        def build(rows: FromClause | None, given: Arguments) -> Select[Any]:
            return resolved(field, rows, given, replace(_window(field, given), is_open=True))

        return replace(self._place, given={**self._place.given, **sizes}).rows("page", build, size)

    def _cut(self, source: Source, *, overshoots: bool) -> Source:
        """The page of rows, and perhaps one more."""

        def cut(asked: Sequence[str]) -> str:
            rows = self._scope.below(source).rows
            shown = ", ".join(rows.column(name) for name in asked)
            order = ", ".join(order_by(rows, self.window, last=self.window.backward))
            where = " AND ".join(self._bounds(rows))
            limit = self.window.size + overshoots
            bounded = f"{rows.item()} WHERE {where}" if where else rows.item()
            return f"(SELECT {shown} FROM {bounded} ORDER BY {order} LIMIT {limit})"

        return cut

    def _bounds(self, rows: Rows) -> Iterator[str]:
        """What the cursors say of a row."""
        window = self.window
        keys = ", ".join(rows.column(quoted_name(str(key.key))) for key in window.order.columns)
        after, before = ("<", ">") if window.order.descending else (">", "<")
        for bounds, sign in ((window.after, after), (window.before, before)):
            if bounds is not None:
                values = ", ".join(self._place.statement.typed(bound) for bound in bounds)
                yield f"({keys}) {sign} ({values})"

    def cursor(self, page: RowScope) -> str:
        """A row's cursor."""
        order = self.window.order
        columns = {str(key.key): key.type for key in order.columns}

        def build(rows: FromClause | None, _: Arguments) -> ColumnElement[Any]:
            if rows is None:
                raise NotCompilableError
            return cursor_of(rows, order)

        return replace(self._place, parent=page.rows, columns=columns).value(("cursor", order.tag), build)

    def gathered(self, value: str) -> str:
        """A sub-select that depends on the parent's rows alone."""
        return self._scope.rows.once(value)

    def _numbered(self, source: Source) -> Source:
        """The rows with a NUMBER each, in the direction in which the page is read."""

        def numbered(asked: Sequence[str]) -> str:
            page = self._scope.below(source)
            order = ", ".join(order_by(page.rows, self.window, last=self.window.backward))
            shown = [page.rows.column(name) for name in asked if name != NUMBER]
            return page.gather(", ".join([*shown, f"row_number() OVER (ORDER BY {order}) AS {NUMBER}"]))

        return numbered


def _window(field: SqlField, given: Arguments) -> Window:
    return window(order_of(field, given, set(resolver_values(resolver_of(field), given))), given)
