"""From a document and its variables to a plan: a statement, where its values come from, and its denials.

A plan holds no viewer's data. What decides the SQL is part of its key: enums, booleans, nulls, page sizes and
the kinds of ids; what does not is bound when the plan runs. Plans are bounded by their bytes in all, and for
each operation by their number, so that variables of ever new shapes cannot fill the memory.
"""

import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
)
from graphql.execution.values import get_variable_values
from sqlalchemy import CTE
from strawberry import Schema

from engine.base.client_values import NotCompilableError
from engine.base.field_errors import BadArgument
from engine.base.kept import Kept
from engine.base.preamble import Gates
from engine.compiled.compiler import Compiler
from engine.compiled.denials import Denial
from engine.compiled.far_answers import FarPlan
from engine.compiled.fields import Check
from engine.compiled.pace import Pace
from engine.compiled.shapes import Variables, input_type, opened, plain, plain_types, shape_of
from engine.compiled.sql_text import Prepared
from engine.declare.selections import Selections, variables_in
from engine.limits.operation import check_cost

_SHAPES_OF_AN_OPERATION = 64
_TOKEN = re.compile(r"\w+|\S")
_BYTES_OF_A_TOKEN = 400
"""What a parsed document takes for each of its tokens; measured by `tracemalloc`, as the following."""
_BYTES_OF_AN_OPERATION = 4_000
_BYTES_OF_A_PLAN = 1_000
_BYTES_OF_A_PART = 400
"""For each value, check and denial."""
_BYTES_OF_A_CHARACTER = 8
"""For each that a shape is written with."""


@dataclass(frozen=True)
class QueryPlan:
    """A statement that answers an operation for variables of one shape."""

    statement: Prepared
    checks: tuple[Check, ...]
    denials: tuple[Denial, ...]
    far: FarPlan | None = None
    """The statement that fills the answer's gaps, if it may have any."""
    cost: int = 0
    """Of the whole operation (see `engine.limits.operation`)."""
    pace: Pace = field(default_factory=Pace, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes of memory, at most."""
        statements = [self.statement, *([] if self.far is None else [self.far.statement])]
        parts = sum(len(statement.values) for statement in statements) + len(self.checks)
        parts += sum(1 + len(denial.places) for denial in self.denials)
        texts = sum(sys.getsizeof(statement.sql) for statement in statements)
        return texts + _BYTES_OF_A_PLAN + _BYTES_OF_A_PART * parts

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
        """Distinguishes the part from the operation's other parts."""

    @property
    def variant(self) -> Hashable:
        """Which variant of its statement is wanted (see `engine.compiled.sql_text.only_in`)."""

    def nodes(self, operation: OperationDefinitionNode) -> Sequence[Node]:
        """Where the variables stand that it depends on."""

    def statement(self, compiler: Compiler, operation: OperationDefinitionNode) -> Prepared:
        """Its statement, of one value. Raises NotCompilableError."""


@dataclass(frozen=True)
class WholeQuery:
    """All of a query. `principal`: the caller's row; without one there is no answer."""

    principal: CTE
    variant: Hashable
    key: Hashable = None
    operation_type: OperationType = OperationType.QUERY

    def nodes(self, operation: OperationDefinitionNode) -> Sequence[Node]:
        return [operation]

    def statement(self, compiler: Compiler, operation: OperationDefinitionNode) -> Prepared:
        return compiler.query(operation, self.principal)


class Operation:
    """A valid operation and its plans, one for each part and shape of its variables; None: not compilable."""

    def __init__(
        self,
        schema: Schema,
        gates: Gates,
        source: str,
        document: DocumentNode,
        node: OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._gates = gates
        self._document = document
        self._source_size = sys.getsizeof(source) + _BYTES_OF_A_TOKEN * _tokens_of(source)
        self._node = node
        self.type = node.operation
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._types = {
            definition.variable.name.value: input_type(schema, definition)
            for definition in node.variable_definitions or ()
        }
        self._plain_types = plain_types(self._types)
        self._shapes = {name: shape_of(type_) for name, type_ in self._types.items()}
        self._variables: dict[Hashable, tuple[str, ...]] = {}
        self._plans: OrderedDict[Hashable, QueryPlan | None] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes of memory, at most: of the document, and of each plan."""
        return _BYTES_OF_AN_OPERATION + self._source_size + sum(map(_size_of, self._plans.items()))

    def coerced(self, given: Variables) -> Variables:
        """The variables by GraphQL's rules. Raises NotCompilableError for bad ones."""
        if self._plain_types is not None:
            as_given = plain(given, self._plain_types)
            if as_given is not None:
                return as_given
        nodes = self._node.variable_definitions or ()
        # The reference executor reports the errors, so none are collected here.
        found = get_variable_values(self._schema._schema, nodes, given, max_errors=0, hide_suggestions=True)
        if isinstance(found, list):
            raise NotCompilableError
        return found.coerced

    def shape(self, variables: Variables, part: Part) -> Hashable:
        """The key of the part's plan for these variables."""
        names, shapes = self._names(part), self._shapes
        shape = [shapes[name](variables[name]) if name in variables else "absent" for name in names]
        return (part.key, part.variant, *shape)

    def known(self, shape: Hashable) -> QueryPlan | None:
        """The plan of a shape; None: it was not asked for lately. Raises NotCompilableError."""
        if shape not in self._plans:
            return None
        self._plans.move_to_end(shape)
        plan = self._plans[shape]
        if plan is None:
            raise NotCompilableError
        return plan

    def remember(self, shape: Hashable, plan: QueryPlan | None) -> None:
        """Keep what was compiled for a shape; None: it is not compilable."""
        self._plans[shape] = plan
        if len(self._plans) > _SHAPES_OF_AN_OPERATION:
            self._plans.popitem(last=False)

    def _names(self, part: Part) -> tuple[str, ...]:
        if part.key not in self._variables:
            used = variables_in(part.nodes(self._node), self._fragments)
            self._variables[part.key] = tuple(name for name in self._types if name in used)
        return self._variables[part.key]

    def compile(self, variables: Variables, part: Part) -> QueryPlan | None:
        """A new plan; None: it is not compilable. Changes nothing here. Raises COST_EXCEEDED."""
        # Page sizes and numbers of ids are part of the plan's key, so its cost is counted only here.
        cost = check_cost(self._schema._schema, self._document, self._node, variables)
        open_variables = {
            name: opened(variables[name], type_, name)
            for name, type_ in self._types.items()
            if name in variables
        }
        selections = Selections(self._schema, self._fragments, open_variables)
        compiler = Compiler(selections, part.variant, self._gates)
        try:
            statement = part.statement(compiler, self._node)
        except (NotCompilableError, BadArgument):
            return None  # the reference executor reports a wrong argument
        return QueryPlan(statement, tuple(compiler.checks), compiler.denials, compiler.far, cost)


class QueryPlans:
    """The operations that were asked for lately.

    The event loop looks up what is known, while another thread compiles what is not.

    `gates`: what each statement opens before it reads (see `engine.base.preamble`). `most`: the bytes of the
    documents and plans that are remembered in all.
    """

    def __init__(self, schema: Schema, gates: Gates, most: int = 32_000_000) -> None:
        self._schema = schema
        self._gates = gates
        self._operations: Kept[tuple[str, str | None], Operation] = Kept(most)
        self._lock = threading.Lock()
        """Held while what is remembered is looked up or changed, and never while something is compiled."""

    @property
    def size(self) -> int:
        """Bytes of all that is remembered."""
        return self._operations.size

    def known(
        self, asked: Asked, part: Part, coerced: Variables | None = None
    ) -> tuple[QueryPlan, Variables] | None:
        """What `find` returns, if it is known; else None. Raises NotCompilableError."""
        with self._lock:
            operation = self._operations.get((asked.source, asked.name))
            if operation is None:
                return None
            variables = _variables(operation, asked, part, coerced)
            plan = operation.known(operation.shape(variables, part))
        return None if plan is None else (plan, variables)

    def find(self, asked: Asked, part: Part, coerced: Variables | None = None) -> tuple[QueryPlan, Variables]:
        """The plan of a part of an operation and its coerced variables, which may be known already.

        An unknown plan is compiled, which takes up to 0.1 seconds. Raises NotCompilableError
        and COST_EXCEEDED.
        """
        found = self.known(asked, part, coerced)
        if found is not None:
            return found
        with self._lock:
            operation = self._operation(asked)
        variables = _variables(operation, asked, part, coerced)
        with self._lock:
            shape = operation.shape(variables, part)
        plan = operation.compile(variables, part)
        with self._lock:
            before = operation.size
            operation.remember(shape, plan)
            self._operations.grow((asked.source, asked.name), operation, operation.size - before)
        if plan is None:
            raise NotCompilableError
        return plan, variables

    def _operation(self, asked: Asked) -> Operation:
        key = (asked.source, asked.name)
        found = self._operations.get(key)
        if found is None:
            node = get_operation_ast(asked.document, asked.name)
            if node is None:
                raise NotCompilableError
            found = Operation(self._schema, self._gates, asked.source, asked.document, node)
            self._operations.add(key, found, found.size)
        return found


def _tokens_of(source: str) -> int:
    return sum(1 for _ in _TOKEN.finditer(source))


def _size_of(known: tuple[Hashable, QueryPlan | None]) -> int:
    shape, plan = known
    # What a client chooses of a shape may be long: numbers in lists, and an id's prefix.
    return _BYTES_OF_A_CHARACTER * len(repr(shape)) + (0 if plan is None else plan.size)


def _variables(operation: Operation, asked: Asked, part: Part, coerced: Variables | None) -> Variables:
    if operation.type is not part.operation_type:
        raise NotCompilableError
    return operation.coerced(asked.variables) if coerced is None else coerced
