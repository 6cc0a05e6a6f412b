"""From a document and its variables to a plan: a statement, where its values come from, and its denials.

A plan holds no viewer's data. What decides the SQL is part of its key: enums, booleans, nulls, page sizes and
the kinds of ids; what does not is bound when the plan runs. Plans are bounded in all and for each operation,
so that variables of ever new shapes cannot fill the memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    get_operation_ast,
    is_input_type,
    type_from_ast,
)
from graphql.execution.values import get_variable_values
from sqlalchemy import ColumnElement, FromClause, Select
from strawberry import Schema

from engine.arguments import prefix_of
from engine.binds import NotCompilableError, Variable
from engine.compiler import Check, Compiler
from engine.denials import Denial
from engine.field_errors import BadArgument
from engine.gates import answering_behind
from engine.limits import check_cost
from engine.selections import Document, variables_in
from engine.writer import Prepared, prepared

_SHAPES_OF_AN_OPERATION = 64
_STATIC_SCALARS = {"Boolean", "Int"}

Variables = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A statement that answers an operation for variables of one shape."""

    statement: Prepared
    checks: tuple[Check, ...]
    denials: tuple[Denial, ...]

    def values(self, variables: Variables, named: Mapping[str, Any]) -> list[Any]:
        """The statement's values. Raises what a client's value makes a check raise."""
        for check in self.checks:
            check.read(variables)
        return self.statement.bound(variables, named)


class Asked(NamedTuple):
    """A request: a valid document and its text, the name of one of its operations (None: there is but one),
    and the variables as they came."""

    source: str
    document: DocumentNode
    name: str | None
    variables: Variables


class Part(Protocol):
    """What of an operation one statement answers."""

    @property
    def operation_type(self) -> OperationType:
        """What kind of operation it is a part of."""

    @property
    def key(self) -> Hashable:
        """What tells it from the operation's other parts."""

    @property
    def variant(self) -> Hashable:
        """Which variant of its statement is wanted (see `engine.writer.only_in`)."""

    def nodes(self, operation: OperationDefinitionNode) -> Sequence[Node]:
        """Where the variables stand that it depends on."""

    def statement(self, compiler: Compiler, operation: OperationDefinitionNode) -> Select[Any]:
        """Its statement, of one value. Raises NotCompilableError."""


@dataclass(frozen=True)
class WholeQuery:
    """All of a query. `principal`: the row of who asks; without one there is no answer."""

    principal: FromClause
    variant: Hashable
    key: Hashable = None
    operation_type: OperationType = OperationType.QUERY

    def nodes(self, operation: OperationDefinitionNode) -> Sequence[Node]:
        return [operation]

    def statement(self, compiler: Compiler, operation: OperationDefinitionNode) -> Select[Any]:
        return compiler.query(operation, self.principal)


class Operation:
    """A valid operation and its plans, one for each part and shape of its variables; None: not compilable."""

    def __init__(
        self,
        schema: Schema,
        gate: ColumnElement[bool],
        document: DocumentNode,
        node: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._gate = gate
        self._document = document
        self._node = node
        self.type = node.operation
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._types = {
            definition.variable.name.value: _input_type(schema, definition)
            for definition in node.variable_definitions or ()
        }
        self._plain_types = _plain_types(self._types)
        self._shapes = {name: _shape_of(type_) for name, type_ in self._types.items()}
        self._variables: dict[Hashable, tuple[str, ...]] = {}
        self._plans: OrderedDict[Hashable, Plan | None] = OrderedDict()

    @property
    def size(self) -> int:
        """How much is remembered: the document, and each plan."""
        return 1 + len(self._plans)

    def coerced(self, given: Variables) -> Variables:
        """The variables by GraphQL's rules. Raises NotCompilableError for bad ones."""
        if self._plain_types is not None:
            plain = _plain(given, self._plain_types)
            if plain is not None:
                return plain
        nodes = self._node.variable_definitions or ()
        # The reference executor tells what is wrong, so that nothing is gathered here.
        found = get_variable_values(self._schema._schema, nodes, given, max_errors=0, hide_suggestions=True)
        if isinstance(found, list):
            raise NotCompilableError
        return found.coerced

    def plan(self, variables: Variables, part: Part) -> Plan:
        """The plan of a part for variables of this shape. Raises NotCompilableError and COST_EXCEEDED."""
        names, shapes = self._names(part), self._shapes
        shape = [shapes[name](variables[name]) if name in variables else "absent" for name in names]
        key = (part.key, part.variant, *shape)
        if key in self._plans:
            self._plans.move_to_end(key)
        else:
            self._plans[key] = self._compile(variables, part)
            if len(self._plans) > _SHAPES_OF_AN_OPERATION:
                self._plans.popitem(last=False)
        plan = self._plans[key]
        if plan is None:
            raise NotCompilableError
        return plan

    def _names(self, part: Part) -> tuple[str, ...]:
        if part.key not in self._variables:
            used = variables_in(part.nodes(self._node), self._fragments)
            self._variables[part.key] = tuple(name for name in self._types if name in used)
        return self._variables[part.key]

    def _compile(self, variables: Variables, part: Part) -> Plan | None:
        # Page sizes are part of the plan's key, so what it costs has to be looked at only here.
        check_cost(self._schema._schema, self._document, self._node, variables)
        open_variables = {
            name: _opened(variables[name], type_, name)
            for name, type_ in self._types.items()
            if name in variables
        }
        compiler = Compiler(Document(self._schema, self._fragments, open_variables), part.variant)
        try:
            read = answering_behind(self._gate, part.statement(compiler, self._node))
            statement = prepared(read, part.variant)
        except (NotCompilableError, BadArgument):
            return None  # where an argument is wrong, the reference executor says
        return Plan(statement, tuple(compiler.checks), tuple(compiler.denials))


class Plans:
    """The operations that were asked for lately.

    `gate`: what each statement opens before it reads (see `engine.gates`). `most`: the documents and plans
    that are remembered in all; of one operation at least its last plan is.
    """

    def __init__(self, schema: Schema, gate: ColumnElement[bool], most: int = 2000) -> None:
        self._schema = schema
        self._gate = gate
        self._most = most
        self._size = 0
        self._operations: OrderedDict[tuple[str, str | None], Operation | None] = OrderedDict()

    def find(self, asked: Asked, part: Part, coerced: Variables | None = None) -> tuple[Plan, Variables]:
        """The plan of a part of an operation and its coerced variables, which may be known already.

        Raises NotCompilableError.
        """
        key = (asked.source, asked.name)
        if key in self._operations:
            self._operations.move_to_end(key)
        else:
            self._operations[key] = self._operation(asked)
            self._grow(1)
        operation = self._operations[key]
        if operation is None or operation.type is not part.operation_type:
            raise NotCompilableError
        variables = operation.coerced(asked.variables) if coerced is None else coerced
        before = operation.size
        try:
            return operation.plan(variables, part), variables
        finally:
            self._grow(operation.size - before)

    def _grow(self, more: int) -> None:
        self._size += more
        while self._size > self._most and len(self._operations) > 1:
            _, forgotten = self._operations.popitem(last=False)
            self._size -= 1 if forgotten is None else forgotten.size

    def _operation(self, asked: Asked) -> Operation | None:
        node = get_operation_ast(asked.document, asked.name)
        return None if node is None else Operation(self._schema, self._gate, asked.document, node)


def _input_type(schema: Schema, definition: VariableDefinitionNode) -> GraphQLInputType | None:
    found = type_from_ast(schema._schema, definition.type)
    return found if is_input_type(found) else None


_PLAIN_TYPES: Mapping[str, type] = {"ID": str, "String": str, "Boolean": bool}


def _plain_types(types: Mapping[str, GraphQLInputType | None]) -> Mapping[str, type] | None:
    """The Python types of variables that GraphQL takes as they come; None where there are others."""
    found = {name: _PLAIN_TYPES.get(getattr(_nullable(type_), "name", "")) for name, type_ in types.items()}
    plain = {name: type_ for name, type_ in found.items() if type_ is not None}
    return plain if len(plain) == len(types) else None


def _plain(given: Variables, types: Mapping[str, type]) -> Variables | None:
    """The variables where GraphQL's coercion would change nothing; None where it may."""
    found = {name: given.get(name) for name in types}
    return found if all(type(found[name]) is type_ for name, type_ in types.items()) else None


def _nullable(type_: GraphQLInputType | None) -> GraphQLInputType | None:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _shape_of(type_: GraphQLInputType | None) -> Callable[[Any], Hashable]:
    """What of the values of a variable of this type decides the SQL."""
    inner = _nullable(type_)
    if isinstance(inner, GraphQLList):
        item_shape = _shape_of(inner.of_type)
        return lambda items: None if items is None else tuple(map(item_shape, items))
    if _is_static(inner):
        return lambda value: value  # enums, booleans and integers hash
    if _is_id(inner):
        return lambda value: None if value is None else prefix_of(value)
    return lambda value: None if value is None else "bound"


def _opened(value: Any, type_: GraphQLInputType | None, *path: str | int) -> Any:
    """The value with a Variable for each leaf that is bound later."""
    inner = _nullable(type_)
    if value is None or _is_static(inner):
        return value
    if isinstance(inner, GraphQLList):
        return [_opened(item, inner.of_type, *path, index) for index, item in enumerate(value)]
    return Variable(path, prefix_of(value) if _is_id(inner) else "")


def _is_static(type_: GraphQLInputType | None) -> bool:
    return isinstance(type_, GraphQLEnumType) or getattr(type_, "name", "") in _STATIC_SCALARS


def _is_id(type_: GraphQLInputType | None) -> bool:
    return getattr(type_, "name", "") == "ID"
