"""A connection as SQL: one sub-select reads the page's rows once and writes edges, nodes and pageInfo."""

from collections.abc import Callable, Sequence
from typing import Protocol

from graphql import FieldNode, GraphQLObjectType, SelectionSetNode, get_named_type

from engine.base.client_values import NotCompilableError
from engine.compiled.json_sql import NULL, Part, Sql, joined, listed
from engine.compiled.row_scope import Rows, RowScope
from engine.compiled.sql_text import quoted_name
from engine.declare.paging import Window
from engine.declare.selections import Selections

NUMBER = "number__"
"""The column of a page's rows that numbers them."""


class ObjectCompiler(Protocol):
    """What a connection needs of the compiler of its items."""

    selections: Selections
    path: list[str]
    """The response keys that lead to what is being compiled."""

    def object(
        self, sets: Sequence[SelectionSetNode | None], type_: GraphQLObjectType, scope: RowScope
    ) -> list[Part]:
        """An object of the type, read from the scope's rows."""


def aggregated(item: str, order: Sequence[str]) -> str:
    """The items' texts in their order, with commas between them; NULL for none."""
    return f"string_agg({item}, ',' ORDER BY {', '.join(order)})"


class Items(Protocol):
    """A list, and the page that is wanted of it."""

    window: Window

    def count(self) -> str:
        """The number of all of its rows."""

    def page(self, *, overshoots: bool) -> RowScope:
        """The page's rows. `overshoots`: with a NUMBER in each, and one more row, which is not shown and
        tells whether there are more."""

    def cursor(self, page: RowScope) -> str:
        """A row's cursor."""

    def gathered(self, value: str) -> str:
        """A sub-select that depends on the parent's rows alone."""


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
        if names <= {"__typename", "totalCount"}:
            page = None
        else:
            page = _Page(self._items, overshoots="pageInfo" in names)
        fields: list[Sequence[Part]] = []
        for key, nodes in selected.items():
            inner = [node.selection_set for node in nodes]
            self._compiler.path.append(key)
            fields.append([f'"{key}":', *self._field(nodes[0], inner, page)])
            self._compiler.path.pop()
        body = ["{", *listed(fields), "}"]
        return body if page is None else [Sql(self._items.gathered(page.scope.gather_all(joined(body))))]

    def _field(
        self, node: FieldNode, sets: Sequence[SelectionSetNode | None], page: "_Page | None"
    ) -> Sequence[Part]:
        match node.name.value:
            case "__typename":
                return [f'"{self._type.name}"']
            case "totalCount":
                return [Sql(self._items.gathered(self._items.count()))]
            case "nodes" if page is not None:
                item = self._compiler.object(sets, self._object_type("nodes"), page.scope)
                return ["[", Sql(page.listed(joined(item))), "]"]
            case "edges" if page is not None:
                return ["[", Sql(page.listed(joined(self._edge(sets, page)))), "]"]
            case "pageInfo" if page is not None:
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
                    value = ['"', Sql(page.cursor), '"']
                case _:
                    inner = [node.selection_set for node in nodes]
                    self._compiler.path.append(key)
                    value = self._compiler.object(inner, self._object_type("nodes"), page.scope)
                    self._compiler.path.pop()
            fields.append([f'"{key}":', *value])
        return ["{", *listed(fields), "}"]

    def _page_info(self, sets: Sequence[SelectionSetNode | None], page: "_Page") -> Sequence[Part]:
        type_ = self._object_type("pageInfo")
        bounded = "true" if self._window.bounded else "false"
        values: dict[str, Callable[[], Part]] = {
            "__typename": lambda: f'"{type_.name}"',
            "hasNextPage": lambda: bounded if self._window.backward else page.has_more,
            "hasPreviousPage": lambda: page.has_more if self._window.backward else bounded,
            "startCursor": lambda: page.end_cursor(last=False),
            "endCursor": lambda: page.end_cursor(last=True),
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
    """A page's rows (see `Items.page`)."""

    def __init__(self, items: Items, *, overshoots: bool) -> None:
        self._items = items
        self._window = items.window
        self._overshoots = overshoots
        self.scope = items.page(overshoots=overshoots)

    @property
    def cursor(self) -> str:
        """A row's cursor."""
        return self._items.cursor(self.scope)

    @property
    def has_more(self) -> Sql:
        """Whether the list goes on in the direction in which it is read."""
        number = self.scope.rows.column(NUMBER)
        return Sql(f"CASE WHEN count({number}) > {self._window.size} THEN 'true' ELSE 'false' END")

    def listed(self, item: str) -> str:
        """The items of all shown rows, in the list's own order."""
        return f"coalesce({self._shown(aggregated(item, self._order(last=False)))}, '')"

    def end_cursor(self, *, last: bool) -> Sql:
        """The first or the last shown row's cursor; null for an empty page."""
        order = ", ".join(self._order(last=last))
        cursors = self._shown(f"array_agg({self.cursor} ORDER BY {order})")
        return Sql(f"""coalesce('"' || ({cursors})[1] || '"', {NULL})""")

    def _order(self, *, last: bool) -> list[str]:
        return order_by(self.scope.rows, self._window, last=last)

    def _shown(self, aggregate: str) -> str:
        if not self._overshoots:
            return aggregate
        return f"{aggregate} FILTER (WHERE {self.scope.rows.column(NUMBER)} <= {self._window.size})"


def order_by(rows: Rows, window: Window, *, last: bool) -> list[str]:
    """The sort columns of the rows in the list's own order; `last`: in the other one."""
    direction = "DESC" if window.order.descending != last else "ASC"
    return [f"{rows.column(quoted_name(str(key.key)))} {direction}" for key in window.order.columns]
