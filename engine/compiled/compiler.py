"""The compiled executor: an operation's resolvers nested into one statement that gives the answer's text.

The methods give parts of JSON text. A to-one object is joined laterally to the rows that it hangs on; a list
is a sub-select that aggregates its items' texts.
"""

from collections.abc import Hashable, Iterable, Sequence
from copy import copy

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
)
from sqlalchemy import CTE, Select

from engine.base.client_values import NotCompilableError
from engine.base.field_errors import forbidden
from engine.base.preamble import CLOSED_SQL, Gates
from engine.compiled.denials import Denial, marker
from engine.compiled.far_answers import FarPlan, Parent, gap
from engine.compiled.far_statement import FarStatement
from engine.compiled.fields import Check, CompiledField
from engine.compiled.fragment_cache import Columns, Place
from engine.compiled.fragment_writer import written
from engine.compiled.json_sql import NULL, Part, Sql, joined, listed
from engine.compiled.row_scope import Rows, RowScope, source_of
from engine.compiled.sql_text import Prepared
from engine.compiled.statement_text import StatementText
from engine.declare.declarations import LookUp, SqlField, columns_of
from engine.declare.far import FAR_PARENT, LOOKED_UP, TREE, FarParent
from engine.declare.selections import Selections, is_sql, sql_field


class Compiler:
    """Compiles one operation for a variant of its statement (see `engine.compiled.sql_text.only_in`). Raises
    NotCompilableError for what only the reference executor can answer.

    `checks` is filled on the way: the arguments that must be read even where the statement does not use them.
    """

    def __init__(self, selections: Selections, variant: Hashable, gates: Gates) -> None:
        self.selections = selections
        self.statement = StatementText(variant)
        self.path: list[str] = []
        """The response keys that lead to what is being compiled."""
        self.checks: list[Check] = []
        self._gate = gates.near
        self._far = FarStatement(variant, gates.far)
        self._denials: dict[Hashable, tuple[int, Denial]] = {}

    @property
    def denials(self) -> tuple[Denial, ...]:
        """The errors that markers stand for."""
        return tuple(denial for _, denial in self._denials.values())

    @property
    def far(self) -> FarPlan | None:
        """The far statement that fills the answer's gaps; None: it has none."""
        return self._far.finished()

    def query(self, node: OperationDefinitionNode, principal: CTE) -> Prepared:
        """The data as bytes; no row where the principal is not known."""
        query_type = self.selections.graphql.query_type
        if query_type is None:
            raise NotCompilableError
        scope = RowScope(Rows("r0", 0, lambda _: self.statement.cte(principal), self.statement.shared))
        return self._answering(joined(self.object([node.selection_set], query_type, scope)), scope)

    def payload(
        self, nodes: list[FieldNode], type_: GraphQLObjectType, carried: Select[tuple[object, ...]]
    ) -> Prepared:
        """The fields of a mutation's payload that are SQL, read from the row it carries, as bytes."""
        row = self.statement.use(written(carried, None), None, {})
        scope = RowScope(Rows("r0", 0, source_of(self.statement, row), self.statement.shared))
        selected = self.selections.selected([node.selection_set for node in nodes], type_)
        fields = [
            self._entry(key, inner, type_, scope)
            for key, inner in selected.items()
            if is_sql(type_, inner[0])
        ]
        if not fields:
            raise NotCompilableError  # there is nothing to read
        if self._far.is_needed:
            raise NotCompilableError  # the payload is read in the transaction, which is of one plane
        return self._answering(joined(["{", *listed(fields), "}"]), scope)

    def prepare(self, nodes: list[FieldNode], type_: GraphQLObjectType) -> None:
        """Build what a field of the type is made of."""
        self._field(nodes, type_, RowScope(Rows("r0", 0, lambda _: "", self.statement.shared)))

    def object(
        self, sets: Iterable[SelectionSetNode | None], type_: GraphQLObjectType, scope: RowScope
    ) -> list[Part]:
        """An object of the type, read from the scope's rows."""
        selected = self.selections.selected(sets, type_)
        fields = [self._entry(key, nodes, type_, scope) for key, nodes in selected.items()]
        return ["{", *listed(fields), "}"]

    def denied(self, error: GraphQLError, nodes: list[FieldNode], type_: GraphQLObjectType) -> str:
        """A marker for null with the error beside it: the same one wherever a field of the type is asked for,
        so that equal selections make equal SQL."""
        key = type_.name, nodes[0].name.value, error.message, str(error.extensions)
        new = len(self._denials), Denial(error.message, error.extensions or {}, {})
        number, denial = self._denials.setdefault(key, new)
        denial.places[tuple(self.path)] = nodes
        return marker(number)

    def _entry(
        self, key: str, nodes: list[FieldNode], type_: GraphQLObjectType, scope: RowScope
    ) -> Sequence[Part]:
        self.path.append(key)
        entry = [f'"{key}":', *self._field(nodes, type_, scope)]
        self.path.pop()
        return entry

    def _field(self, nodes: list[FieldNode], type_: GraphQLObjectType, scope: RowScope) -> Sequence[Part]:
        name = nodes[0].name.value
        if name == "__typename":
            return [f'"{type_.name}"']
        definition = type_.fields.get(name)
        field = None if definition is None else sql_field(definition)
        if definition is None or field is None:
            raise NotCompilableError  # introspection, and what Python answers
        compiled = CompiledField(self, field, type_, nodes, scope, self._columns(type_))
        far = field.declaration.far
        parts = self._far_parts(field, far, nodes, type_, scope) if far else compiled.parts()
        requires = field.declaration.requires
        if requires is None:
            return parts
        if isinstance(definition.type, GraphQLNonNull):
            raise NotCompilableError
        seen = scope.rows.once(f"CASE WHEN {compiled.allowed()} THEN {joined(parts)} END")
        return [Sql(f"coalesce({seen}, {self.denied(forbidden(requires), nodes, type_)})")]

    def _far_parts(
        self,
        field: SqlField,
        far: FarParent,
        nodes: list[FieldNode],
        type_: GraphQLObjectType,
        scope: RowScope,
    ) -> Sequence[Part]:
        """A gap in the answer. What fills it is compiled into the far statement, with all that stands below:
        also the markers of denials, which are settled when all is there."""
        if self.statement is self._far.text:
            raise TypeError(f"{type_.name} is far itself: its fields are read with it")
        beyond, parents = self._beyond(), self._far.parents()
        value = joined(CompiledField(beyond, field, type_, nodes, parents, FAR_PARENT).parts())
        return [Sql(self._gap(value, parents, scope, far))]

    def far_object(
        self, place: Place, found: LookUp, sets: list[SelectionSetNode | None], scope: RowScope
    ) -> str:
        """A gap for the far object that each of the scope's rows names, or null."""
        if found.far_read is None:
            raise TypeError(f"{found.type_.__name__} is not far")
        read = found.far_read
        beyond, parents = self._beyond(), self._far.parents()
        far_place = Place(place.field, beyond.statement, parents.rows, FAR_PARENT, {})
        use = far_place.rows((found, "far"), lambda rows, _: read(rows))
        row = parents.below(source_of(beyond.statement, use))
        value = joined(beyond.object(sets, self.selections.object_type(found.type_), row))
        return self._gap(f"coalesce({row.gather(value)}, {NULL})", parents, scope, LOOKED_UP)

    def _beyond(self) -> "Compiler":
        beyond = copy(self)
        beyond.statement = self._far.text
        return beyond

    def _gap(self, value: str, parents: RowScope, scope: RowScope, far: FarParent) -> str:
        number = self._far.add(value, parents)
        parent = Parent(scope.rows.column(far.row), scope.rows.column(far.item))
        return gap(number, scope.rows.column(TREE), parent)

    def _columns(self, type_: GraphQLObjectType) -> Columns | None:
        """What resolvers may read of the rows of the type's objects; None: it is the root."""
        if type_ is self.selections.graphql.query_type:
            return None
        return columns_of(type_.extensions["strawberry-definition"].origin)

    def _answering(self, body: str, scope: RowScope) -> Prepared:
        answer = scope.gather(f"convert_to({body}, 'UTF8')")
        gate = self.statement.text(self.statement.use(written(self._gate, None), None, {}))
        return self.statement.finished(f"SELECT CASE WHEN {gate} THEN {answer} ELSE {CLOSED_SQL} END")
