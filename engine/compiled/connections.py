"""A connection as SQL: one sub-select reads the page's rows once and writes edges, nodes and pageInfo."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from graphql import FieldNode, GraphQLObjectType, SelectionSetNode, get_named_type
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    Text,
    case,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.functions import FunctionElement

from engine.base.client_values import NotCompilableError, text
from engine.base.json_text import NULL, Part, joined, listed, or_else
from engine.compiled.row_scope import RowScope
from engine.declare.paging import Window, cursor_of
from engine.declare.selections import Selections

_NUMBER = "row_number__"


class ObjectCompiler(Protocol):
    """What a connection needs of the compiler of its items."""

    selections: Selections

    def object(
        self, sets: Sequence[SelectionSetNode | None], type_: GraphQLObjectType, scope: RowScope
    ) -> list[Part]:
        """An object of the type, read from the scope's rows."""


def aggregated(item: ColumnElement[Any], order: Sequence[ColumnElement[Any]]) -> FunctionElement[Any]:
    """The items' texts in their order, with commas between them; NULL for none."""
    return func.string_agg(item, aggregate_order_by(text(","), *order))


class Items(Protocol):
    """A list, and the page that is wanted of it."""

    window: Window

    def whole(self) -> FromClause:
        """All of its rows."""

    def page(self, *, overshoots: bool) -> FromClause:
        """The page's rows, as `page_rows` makes them."""


def page_rows(items: Select[Any], window: Window, *, overshoots: bool) -> Select[Any]:
    """A page's rows, of a list that holds at least these. `overshoots`: and one more, which is not shown and
    tells whether there are more."""
    cut = window.cut(items, overshoot=overshoots)
    if not overshoots:
        return cut
    rows = cut.subquery()
    number = func.row_number().over(order_by=window.sorted(window.order.of(rows)))
    return select(rows, number.label(_NUMBER))


class CompiledConnection:
    """One connection of one selection."""

    def __init__(self, compiler: ObjectCompiler, type_: GraphQLObjectType, items: Items) -> None:
        self._compiler = compiler
        self._type = type_
        self._items = items
        self._window = items.window

    def parts(self, sets: Sequence[SelectionSetNode | None]) -> Sequence[Part]:
        """The connection as an object."""
        selected = self._compiler.selections.selected(sets, self._type)
        names = {nodes[0].name.value for nodes in selected.values()}
        overshoots = "pageInfo" in names
        rows = self._items.page(overshoots=overshoots)
        page = _Page(rows, self._window, overshoots=overshoots)
        fields: list[Sequence[Part]] = []
        for key, nodes in selected.items():
            inner = [node.selection_set for node in nodes]
            fields.append([f'"{key}":', *self._field(nodes[0], inner, page)])
        body = ["{", *listed(fields), "}"]
        if names <= {"__typename", "totalCount"}:
            return body
        return [page.scope.gather_all(joined(body))]

    def _field(
        self, node: FieldNode, sets: Sequence[SelectionSetNode | None], page: "_Page"
    ) -> Sequence[Part]:
        match node.name.value:
            case "__typename":
                return [f'"{self._type.name}"']
            case "totalCount":
                counted = select(func.count()).select_from(self._items.whole())
                return [counted.scalar_subquery()]
            case "nodes":
                item = self._compiler.object(sets, self._object_type("nodes"), page.scope)
                return ["[", page.listed(joined(item)), "]"]
            case "edges":
                return ["[", page.listed(joined(self._edge(sets, page))), "]"]
            case "pageInfo":
                return self._page_info(sets, page)
            case _:
                raise NotCompilableError

    def _edge(self, sets: Sequence[SelectionSetNode | None], page: "_Page") -> list[Part]:
        type_ = self._object_type("edges")
        fields: list[Sequence[Part]] = []
        for key, nodes in self._compiler.selections.selected(sets, type_).items():
            match nodes[0].name.value:
                case "__typename":
                    value: Sequence[Part] = [f'"{type_.name}"']
                case "cursor":
                    value = ['"', page.cursor, '"']
                case _:
                    inner = [node.selection_set for node in nodes]
                    value = self._compiler.object(inner, self._object_type("nodes"), page.scope)
            fields.append([f'"{key}":', *value])
        return ["{", *listed(fields), "}"]

    def _page_info(self, sets: Sequence[SelectionSetNode | None], page: "_Page") -> Sequence[Part]:
        type_ = self._object_type("pageInfo")
        bounded = text("true" if self._window.bounded else "false")
        more = case((page.has_more, text("true")), else_=text("false"))
        values: dict[str, Callable[[], Part]] = {
            "__typename": lambda: f'"{type_.name}"',
            "hasNextPage": lambda: bounded if self._window.backward else more,
            "hasPreviousPage": lambda: more if self._window.backward else bounded,
            "startCursor": lambda: or_else(['"', page.end_cursor(last=False), '"'], NULL),
            "endCursor": lambda: or_else(['"', page.end_cursor(last=True), '"'], NULL),
        }
        selected = self._compiler.selections.selected(sets, type_)
        fields = [[f'"{key}":', values[nodes[0].name.value]()] for key, nodes in selected.items()]
        return ["{", *listed(fields), "}"]

    def _object_type(self, field: str) -> GraphQLObjectType:
        named = get_named_type(self._type.fields[field].type)
        if not isinstance(named, GraphQLObjectType):
            raise NotCompilableError
        return named


class _Page:
    """A page's rows (see `page_rows`)."""

    def __init__(self, rows: FromClause, window: Window, *, overshoots: bool) -> None:
        self._window = window
        self._overshoots = overshoots
        self.scope = RowScope(rows)

    @property
    def cursor(self) -> ColumnElement[str]:
        """A row's cursor."""
        return cursor_of(self.scope.rows, self._window.order)

    @property
    def has_more(self) -> ColumnElement[bool]:
        """Whether the list goes on in the direction in which it is read."""
        return func.count(self.scope.rows.c[_NUMBER]) > literal_column(str(self._window.size))

    def listed(self, item: ColumnElement[Any]) -> ColumnElement[Any]:
        """The items of all shown rows, in the list's own order."""
        return func.coalesce(self._shown(aggregated(item, self._order(last=False))), text(""))

    def end_cursor(self, *, last: bool) -> ColumnElement[Any]:
        """The first or the last shown row's cursor; NULL for an empty page."""
        cursors = self._shown(func.array_agg(aggregate_order_by(self.cursor, *self._order(last=last))))
        return type_coerce(cursors, ARRAY(Text))[literal_column("1")]

    def _order(self, *, last: bool) -> list[ColumnElement[Any]]:
        down = self._window.order.descending != last
        return [key.desc() if down else key.asc() for key in self._window.order.of(self.scope.rows)]

    def _shown(self, aggregate: FunctionElement[Any]) -> ColumnElement[Any]:
        if not self._overshoots:
            return aggregate
        shown = self.scope.rows.c[_NUMBER] <= literal_column(str(self._window.size))
        return aggregate.filter(shown)
