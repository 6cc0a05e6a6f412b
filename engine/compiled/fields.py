"""One field as SQL: parts of JSON text, by the kind that the field is declared to be."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import ColumnElement, FromClause, Select, literal_column

from engine.base.client_values import NotCompilableError
from engine.base.field_errors import absent
from engine.base.json_text import or_else
from engine.compiled.connections import CompiledConnection, ObjectCompiler, aggregated
from engine.compiled.denials import BROKEN
from engine.compiled.fragment_cache import Columns, Place
from engine.compiled.fragments import Arguments
from engine.compiled.json_sql import NULL, Part, Sql, joined
from engine.compiled.lists import CompiledList, resolved
from engine.compiled.look_ups import CompiledLookUps
from engine.compiled.row_scope import JoinedRow, RowScope, source_of, to_one_rows
from engine.compiled.sql_text import quoted_name
from engine.compiled.statement_text import StatementText, Use
from engine.declare.arguments import checks_in, resolver_values
from engine.declare.codecs import CODECS_BY_SCALAR, PLAIN, Codec
from engine.declare.declarations import FieldKind, LookUp, SqlField, entity_of
from engine.declare.field_types import all_arguments, object_type_of


class Check(Protocol):
    """What of a client's values must be read before the statement runs."""

    def read(self, variables: Mapping[str, Any]) -> object:
        """Raises BadArgument."""


class FieldCompiler(ObjectCompiler, Protocol):
    """What a field needs of the compiler of its operation."""

    statement: StatementText
    checks: list[Check]

    def denied(self, error: GraphQLError, nodes: list[FieldNode], type_: GraphQLObjectType) -> str:
        """A marker for null with the error beside it."""

    def far_object(
        self, place: Place, found: LookUp, sets: list[SelectionSetNode | None], scope: RowScope
    ) -> str:
        """A gap for the far object that each of the scope's rows names, or null."""


class CompiledField:
    """One field of a type in one selection. `columns`: what resolvers may read of the scope's rows; None: it
    is a field of the root."""

    def __init__(
        self,
        compiler: FieldCompiler,
        field: SqlField,
        type_: GraphQLObjectType,
        nodes: list[FieldNode],
        scope: RowScope,
        columns: Columns | None,
    ) -> None:
        self._compiler = compiler
        self._field = field
        self._type = type_
        self._definition = type_.fields[nodes[0].name.value]
        self._nodes = nodes
        self._scope = scope
        given = all_arguments(field, compiler.selections.arguments(field, self._definition, nodes[0]))
        if field.declaration.read is not None:
            compiler.checks += checks_in(field.declaration.read, given)
        self._place = Place(field, compiler.statement, scope.rows, columns, given)

    def parts(self) -> Sequence[Part]:
        """The field's value as parts of JSON text."""
        kinds: dict[FieldKind, Callable[[], Sequence[Part]]] = {
            FieldKind.COLUMN: self._leaf,
            FieldKind.COMPUTED: self._leaf,
            FieldKind.TO_ONE: self._to_one,
            FieldKind.TO_MANY: self._to_many,
            FieldKind.CONNECTION: self._connection,
            FieldKind.LOOK_UP: lambda: self._look_ups().one(self._place.given["id"]),
            FieldKind.LOOK_UPS: lambda: self._look_ups().all(self._place.given["ids"]),
        }
        found = kinds.get(self._field.declaration.kind)
        if found is None:
            raise NotCompilableError
        return found()

    def allowed(self) -> str:
        """Whether the row grants what the field requires."""
        requires = self._field.declaration.requires

        def build(rows: FromClause | None, _: Arguments) -> ColumnElement[Any]:
            if rows is None or requires is None:
                raise NotCompilableError
            return requires.in_sql(rows)

        return self._place.value("allowed", build)

    @property
    def _sets(self) -> list[SelectionSetNode | None]:
        return [node.selection_set for node in self._nodes]

    @property
    def _missing(self) -> str:
        code = self._field.declaration.absent
        if code is not None:
            return self._compiler.denied(absent(code), self._nodes, self._type)
        return BROKEN if isinstance(self._definition.type, GraphQLNonNull) else NULL

    def _leaf(self) -> Sequence[Part]:
        missing = BROKEN if isinstance(self._definition.type, GraphQLNonNull) else NULL

        def build(rows: FromClause | None, given: Arguments) -> ColumnElement[Any]:
            if rows is None:
                raise NotCompilableError
            read = self._field.declaration.read
            if read is None:
                value = rows.c[self._field.python_name]
            else:
                value = read(rows, **resolver_values(read, given))
            return or_else(self._codec().sql(value), literal_column(missing))

        return [Sql(self._place.value("nullable" if missing is NULL else "never null", build))]

    def _codec(self) -> Codec:
        if self._field.declaration.codec is not None:
            return self._field.declaration.codec
        if _is_list(self._definition.type):
            return PLAIN
        named = get_named_type(self._definition.type)
        codec = CODECS_BY_SCALAR.get(named.name)
        if codec is None or not is_leaf_type(named):
            raise NotCompilableError
        return codec

    def _object_type(self) -> GraphQLObjectType:
        named = get_named_type(self._definition.type)
        if not isinstance(named, GraphQLObjectType):
            raise NotCompilableError
        return named

    def _read(self, rows: FromClause | None, given: Arguments) -> Select[Any]:
        return resolved(self._field, rows, given)

    def _object(self, scope: RowScope) -> str:
        return joined(self._compiler.object(self._sets, self._object_type(), scope))

    def _to_one(self) -> Sequence[Part]:
        if self._place.columns is None or self._field.declaration.requires is not None:
            scope = self._below(self._place.rows("", self._read))
            found = self._scope.rows.once(scope.gather(self._object(scope)))
            return [Sql(f"coalesce({found}, {self._missing})")]
        use = self._place.rows("present", lambda *place: to_one_rows(self._read(*place)))
        rows = self._scope.joined(use.key, source_of(self._compiler.statement, use))
        row = JoinedRow(rows, self._scope)
        return [Sql(f"CASE WHEN {row.present} THEN {self._object(row)} ELSE {self._missing} END")]

    def _to_many(self) -> Sequence[Part]:
        scope = self._below(self._place.rows("", self._read))
        names = entity_of(object_type_of(self._field)).key
        item = self._object(scope)
        items = scope.gather(aggregated(item, [scope.rows.column(quoted_name(name)) for name in names]))
        return ["[", Sql(f"coalesce({self._scope.rows.once(items)}, '')"), "]"]

    def _below(self, use: Use) -> RowScope:
        return self._scope.below(source_of(self._compiler.statement, use))

    def _connection(self) -> Sequence[Part]:
        items = CompiledList(self._place, self._scope)
        # A page's arguments are checked also where the selection leaves the page itself out.
        self._compiler.checks += items.window.sources
        return CompiledConnection(self._compiler, self._object_type(), items).parts(self._sets)

    def _look_ups(self) -> CompiledLookUps:
        def item(scope: RowScope, found: LookUp) -> str:
            if found.far_read is not None:
                return self._compiler.far_object(self._place, found, self._sets, scope)
            type_ = self._compiler.selections.object_type(found.type_)
            return joined(self._compiler.object(self._sets, type_, scope))

        return CompiledLookUps(self._place, self._scope, self._field.declaration.look_ups(), item)


def _is_list(type_: GraphQLOutputType) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList)
