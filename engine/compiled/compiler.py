"""The compiled executor: an operation's resolvers nested into one statement that gives the answer's text.

The methods give parts of JSON text. A to-one object is joined laterally to the rows that it hangs on; a list
is a sub-select that aggregates its items' texts.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
)
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    case,
    func,
    select,
)

from engine.base.client_values import NotCompilableError, text
from engine.base.field_errors import forbidden
from engine.base.json_text import Part, joined, listed
from engine.compiled.denials import Denial, marker
from engine.compiled.fields import Check, CompiledField
from engine.compiled.row_scope import RowScope
from engine.declare.selections import Selections, is_sql, sql_field


class Compiler:
    """Compiles one operation for a variant of its statement (see `engine.compiled.sql_text.only_in`). Raises
    NotCompilableError for what only the reference executor can answer.

    `denials` and `checks` are filled on the way: the errors that markers stand for, and the arguments that
    must be read even where the statement does not use them.
    """

    def __init__(self, selections: Selections, variant: Hashable) -> None:
        self.selections = selections
        self.variant = variant
        self.denials: list[Denial] = []
        self.checks: list[Check] = []

    def query(self, node: OperationDefinitionNode, principal: FromClause) -> Select[Any]:
        """The data as bytes; no row where the principal is not known."""
        query_type = self.selections.graphql.query_type
        if query_type is None:
            raise NotCompilableError
        body = joined(self.object([node.selection_set], query_type, None))
        return select(_encoded(body)).select_from(principal.alias())

    def payload(self, nodes: list[FieldNode], type_: GraphQLObjectType, carried: FromClause) -> Select[Any]:
        """The fields of a mutation's payload that are SQL, read from the row it carries, as bytes."""
        scope = RowScope(carried)
        selected = self.selections.selected([node.selection_set for node in nodes], type_)
        fields = [
            [f'"{key}":', *self._field(inner, type_, scope)]
            for key, inner in selected.items()
            if is_sql(type_, inner[0])
        ]
        if not fields:
            raise NotCompilableError  # there is nothing to read
        return select(_encoded(scope.gather(joined(["{", *listed(fields), "}"]))))

    def object(
        self, sets: Iterable[SelectionSetNode | None], type_: GraphQLObjectType, scope: RowScope | None
    ) -> list[Part]:
        """An object of the type, read from the scope's rows; without a scope, the root."""
        selected = self.selections.selected(sets, type_)
        fields = [[f'"{key}":', *self._field(nodes, type_, scope)] for key, nodes in selected.items()]
        return ["{", *listed(fields), "}"]

    def denied(self, error: GraphQLError, nodes: list[FieldNode]) -> ColumnElement[str]:
        """A marker for null with the error beside it."""
        self.denials.append(Denial(error.message, error.extensions or {}, nodes))
        return marker(len(self.denials) - 1)

    def _field(
        self, nodes: list[FieldNode], type_: GraphQLObjectType, scope: RowScope | None
    ) -> Sequence[Part]:
        name = nodes[0].name.value
        if name == "__typename":
            return [f'"{type_.name}"']
        definition = type_.fields.get(name)
        field = None if definition is None else sql_field(definition)
        if definition is None or field is None:
            raise NotCompilableError  # introspection, and what Python answers
        parts = CompiledField(self, field, definition, nodes, scope).parts()
        requires = field.declaration.requires
        if requires is None:
            return parts
        if scope is None or isinstance(definition.type, GraphQLNonNull):
            raise NotCompilableError
        denied = self.denied(forbidden(requires), nodes)
        return [case((requires.in_sql(scope.rows), joined(parts)), else_=denied)]


def _encoded(body: ColumnElement[str]) -> ColumnElement[bytes]:
    return func.convert_to(body, text("UTF8"))
