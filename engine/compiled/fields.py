"""One field as SQL: parts of JSON text, by the kind that the field is declared to be."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    case,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from engine.base.client_values import NotCompilableError, Variable, text
from engine.base.field_errors import absent
from engine.base.json_text import NULL, Part, joined, listed, or_else
from engine.compiled.connections import CompiledConnection, ObjectCompiler, aggregated, page_rows
from engine.compiled.denials import BROKEN
from engine.compiled.fragment_cache import Place
from engine.compiled.fragments import Arguments, FragmentUse
from engine.compiled.row_scope import PRESENT, JoinedRow, RowScope, to_one_rows
from engine.declare.arguments import WINDOW, prefix_of, ranges_in, resolver_values, takes_window
from engine.declare.codecs import CODECS_BY_SCALAR, PLAIN, Codec
from engine.declare.declarations import FieldKind, LookUp, Read, SqlField, entity_of
from engine.declare.field_types import all_arguments, object_type_of, order_of
from engine.declare.paging import MOST_IDS, Window, window


class Check(Protocol):
    """What of a client's values must be read before the statement runs."""

    def read(self, variables: Mapping[str, Any]) -> object:
        """Raises BadArgument."""


class FieldCompiler(ObjectCompiler, Protocol):
    """What a field needs of the compiler of its operation."""

    variant: Hashable
    checks: list[Check]

    def denied(self, error: GraphQLError, nodes: list[FieldNode]) -> ColumnElement[str]:
        """A marker for null with the error beside it."""


class CompiledField:
    """One field of one selection."""

    def __init__(
        self,
        compiler: FieldCompiler,
        field: SqlField,
        definition: GraphQLField,
        nodes: list[FieldNode],
        scope: RowScope | None,
    ) -> None:
        self.compiler = compiler
        self.field = field
        self.definition = definition
        self.nodes = nodes
        self.scope = scope
        given = compiler.selections.arguments(field, definition, nodes[0])
        self.given = all_arguments(field, given)
        if field.declaration.read is not None:
            compiler.checks += ranges_in(field.declaration.read, self.given)
        use = FragmentUse(None if scope is None else scope.rows, self.given)
        self._place = Place(field, compiler.variant, use)

    def parts(self) -> Sequence[Part]:
        """The field's value as parts of JSON text."""
        kinds: dict[FieldKind, Callable[[], Sequence[Part]]] = {
            FieldKind.COLUMN: self._leaf,
            FieldKind.COMPUTED: self._leaf,
            FieldKind.TO_ONE: self._to_one,
            FieldKind.TO_MANY: self._to_many,
            FieldKind.CONNECTION: self._connection,
            FieldKind.LOOK_UP: self._look_up,
            FieldKind.LOOK_UPS: self._look_ups,
        }
        found = kinds.get(self.field.declaration.kind)
        if found is None:
            raise NotCompilableError
        return found()

    @property
    def _sets(self) -> list[SelectionSetNode | None]:
        return [node.selection_set for node in self.nodes]

    @property
    def _missing(self) -> ColumnElement[str]:
        code = self.field.declaration.absent
        if code is not None:
            return self.compiler.denied(absent(code), self.nodes)
        return BROKEN if isinstance(self.definition.type, GraphQLNonNull) else NULL

    @property
    def _resolver(self) -> Read:
        read = self.field.declaration.read
        if read is None:
            raise NotCompilableError
        return read

    def _read(self, rows: FromClause | None, given: Arguments, page: Window | None = None) -> Select[Any]:
        """The resolver's rows, correlated to the parent's; with `page`, at least that page's."""
        values = resolver_values(self._resolver, given)
        if page is not None and takes_window(self._resolver):
            values[WINDOW] = page
        statement: Select[Any] = self._resolver(rows, **values)
        return statement if rows is None else statement.correlate(rows)

    def _leaf(self) -> Sequence[Part]:
        missing = BROKEN if isinstance(self.definition.type, GraphQLNonNull) else NULL

        def build(rows: FromClause | None, given: Arguments) -> ColumnElement[Any]:
            if rows is None:
                raise NotCompilableError
            read = self.field.declaration.read
            if read is None:
                value = rows.c[self.field.python_name]
            else:
                value = read(rows, **resolver_values(read, given))
            return or_else(self._codec().sql(value), missing)

        return [self._place.value("nullable" if missing is NULL else "never null", build)]

    def _codec(self) -> Codec:
        if self.field.declaration.codec is not None:
            return self.field.declaration.codec
        if _is_list(self.definition.type):
            return PLAIN
        named = get_named_type(self.definition.type)
        codec = CODECS_BY_SCALAR.get(named.name)
        if codec is None or not is_leaf_type(named):
            raise NotCompilableError
        return codec

    def _object_type(self) -> GraphQLObjectType:
        named = get_named_type(self.definition.type)
        if not isinstance(named, GraphQLObjectType):
            raise NotCompilableError
        return named

    def _to_one(self) -> Sequence[Part]:
        if self.scope is None or self.field.declaration.requires is not None:
            rows = self._place.rows("", self._read)
            return [func.coalesce(self._sub_select(rows, self._object_type()), self._missing)]
        rows = self._place.rows(PRESENT, lambda *place: to_one_rows(self._read(*place)), lateral=True)
        joined_scope = JoinedRow(rows, self.scope)
        body = self.compiler.object(self._sets, self._object_type(), joined_scope)
        return [case((joined_scope.present, joined(body)), else_=self._missing)]

    def _sub_select(self, rows: FromClause, type_: GraphQLObjectType) -> ColumnElement[Any]:
        scope = RowScope(rows)
        return scope.gather(joined(self.compiler.object(self._sets, type_, scope)))

    def _to_many(self) -> Sequence[Part]:
        scope = RowScope(self._place.rows("", self._read))
        item = joined(self.compiler.object(self._sets, self._object_type(), scope))
        order = [scope.rows.c[name] for name in entity_of(object_type_of(self.field)).key]
        return ["[", func.coalesce(scope.gather(aggregated(item, order)), text("")), "]"]

    def _connection(self) -> Sequence[Part]:
        self.window = self._window(self.given)
        # A page's arguments are checked also where the selection leaves the page itself out.
        self.compiler.checks += self.window.sources
        return CompiledConnection(self.compiler, self._object_type(), self).parts(self._sets)

    def _window(self, given: Arguments) -> Window:
        return window(order_of(self.field, given, set(resolver_values(self._resolver, given))), given)

    def whole(self) -> FromClause:
        """All rows of the list (see `engine.compiled.connections.Items`)."""
        return self._place.rows("", self._read)

    def page(self, *, overshoots: bool) -> FromClause:
        """The page's rows."""

        def build(rows: FromClause | None, given: Arguments) -> Select[Any]:
            page = self._window(given)
            return page_rows(self._read(rows, given, page), page, overshoots=overshoots)

        return self._place.rows(("page", overshoots), build)

    def _look_up(self) -> Sequence[Part]:
        found = self.field.declaration.look_ups().get(_prefix(self.given["id"]))
        if found is None:
            return ["null"]
        type_ = self.compiler.selections.object_type(found.type_)

        def build(_: FromClause | None, given: Arguments) -> Select[Any]:
            statement: Select[Any] = found.read(None, **resolver_values(found.read, given))
            return statement

        rows = self._place.rows(type_.name, build)
        return [func.coalesce(self._sub_select(rows, type_), NULL)]

    def _look_ups(self) -> Sequence[Part]:
        ids = self.given["ids"]
        if len(ids) > MOST_IDS:
            raise NotCompilableError  # the reference executor says so
        found = [
            self._looked_up(look_up, [(n, id_) for n, id_ in enumerate(ids) if _prefix(id_) == prefix])
            for prefix, look_up in self.field.declaration.look_ups().items()
            if any(_prefix(id_) == prefix for id_ in ids)
        ]
        if not found:
            return ["[", *listed([["null"]] * len(ids)), "]"]
        items = union_all(*found).subquery()
        places = func.generate_series(_number(0), _number(len(ids) - 1))
        place = places.table_valued("number__").render_derived()
        joined_items = place.outerjoin(items, items.c.number__ == place.c.number__)
        item = func.coalesce(items.c.item__, NULL)
        whole = select(aggregated(item, [place.c.number__])).select_from(joined_items)
        return ["[", whole.scalar_subquery(), "]"]

    def _looked_up(self, look_up: LookUp, ids: list[tuple[int, str | Variable]]) -> Select[Any]:
        """Rows of (number__, item__) for the ids of one kind and their numbers."""
        values = [resolver_values(look_up.read, {"id": id_})["id"] for _, id_ in ids]
        columns = [column("id", values[0].type), column("number__", Integer)]
        numbers = array([_number(number) for number, _ in ids])
        wanted = func.unnest(array(values), numbers).table_valued(*columns).render_derived()
        rows = look_up.read(wanted, id=wanted.c.id).correlate(wanted).lateral()
        scope = RowScope(rows, wanted.join(rows, true()))
        type_ = self.compiler.selections.object_type(look_up.type_)
        item = joined(self.compiler.object(self._sets, type_, scope))
        return scope.each(wanted.c.number__, item.label("item__"))


def _prefix(id_: str | Variable) -> str:
    return id_.prefix if isinstance(id_, Variable) else prefix_of(id_)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer)


def _is_list(type_: GraphQLOutputType) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList)
