"""The most that an operation may ask for.

The cost is the number of fields that the answer may have: what stands in a list counts as often as the page
is long, by the values of `first` and `last`, variables included; objects that are looked up count as often as
there are ids, and a list without pages as often as its declaration says. A change counts as some fields more.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    get_named_type,
)

from engine.declare.declarations import FieldKind
from engine.declare.paging import DEFAULT_PAGE, LONGEST_PAGE, MOST_IDS
from engine.declare.selections import longest_page, sql_field
from engine.limits.excess import refuse_beyond
from engine.limits.meta_costs import META_COST_LIMIT, check_meta_cost

COST_LIMIT = 200_000
"""How many fields an answer may have."""

STEPWISE_COST_LIMIT = 5_000
"""How many, where Python puts them together one by one: that takes 30 microseconds each."""

CHANGE_COST = 10
"""What a field of a mutation counts, beside the fields of its payload."""

_STEPWISE = (
    "fields beside what is not read with them; ask for these in a query of their own, and for a shorter page"
)

_ENDLESS = 1_000_000_000
"""Where counting stops."""

_LONGEST_INTEGER = 19
"""Characters of an integer that is read; Python refuses 4,300 digits."""


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """The cost of a valid operation. Raises COST_EXCEEDED if its answer may become too large."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    check_meta_cost(schema, _fragments(document), operation, variables, META_COST_LIMIT)
    cost = _cost(schema, document, operation, variables, root)
    refuse_beyond("fields in the answer", cost, COST_LIMIT)
    return cost


def check_stepwise_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    *,
    anonymous: bool,
) -> None:
    """The same for an answer that is not read by one statement. Anonymous callers may ask about the
    schema, and little else."""
    root = schema.get_root_type(operation.operation)
    if root is not None:
        check_meta_cost(schema, _fragments(document), operation, variables, STEPWISE_COST_LIMIT)
        cost = 0 if anonymous else _cost(schema, document, operation, variables, root)
        refuse_beyond(_STEPWISE, cost, STEPWISE_COST_LIMIT)


def _cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    root: GraphQLNamedType,
) -> int:
    values = {**_defaults(operation), **variables}
    return _Costs(schema, document, values).of(operation.selection_set, root, 1)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """The default values of the variables, as far as the cost depends on them: integers, and how many there
    are in a list."""
    found: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        match definition.default_value:
            case IntValueNode() as integer:
                found[definition.variable.name.value] = _integer(integer)
            case StringValueNode(value=text):
                found[definition.variable.name.value] = text
            case ListValueNode(values=values):
                found[definition.variable.name.value] = list(values)
            case _:
                pass
    return found


def _integer(node: IntValueNode) -> int:
    """The integer. One with too many digits, such as an ID, becomes one that is out of bounds too."""
    return int(node.value) if len(node.value) <= _LONGEST_INTEGER else LONGEST_PAGE + 1


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


class _Costs:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = _fragments(document)
        self._variables = variables
        self._known: dict[tuple[str, int], int] = {}

    def of(self, selection_set: SelectionSetNode, type_: GraphQLNamedType, page: int) -> int:
        """The fields of one object; `page`: how many items a list in it has."""
        total = 0
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                total += self._of_field(node, type_, page)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.type_map[condition.name.value] if condition else type_
                total += self.of(node.selection_set, inner, page)
            elif isinstance(node, FragmentSpreadNode):
                total += self._of_fragment(node.name.value, page)
        return min(total, _ENDLESS)

    def _of_field(self, node: FieldNode, type_: GraphQLNamedType, page: int) -> int:
        own = CHANGE_COST if type_ is self._schema.mutation_type else 1
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None or node.selection_set is None:
            return own
        inner_type = get_named_type(definition.type)
        if "first" in definition.args:
            page = self._page(node, longest_page(definition))
            return own + self.of(node.selection_set, inner_type, page)
        inner = self.of(node.selection_set, inner_type, 1)
        return own + inner * self._repeated(definition, node, page)

    def _repeated(self, definition: GraphQLField, node: FieldNode, page: int) -> int:
        declared = sql_field(definition)
        if declared is not None and declared.declaration.kind is FieldKind.LOOK_UPS:
            return self._number_of_ids(node)
        if node.name.value in ("nodes", "edges"):
            return page
        return 1 if declared is None else declared.declaration.most

    def _number_of_ids(self, node: FieldNode) -> int:
        """How many objects are looked up, or may be. Too many are refused elsewhere."""
        given = next((argument.value for argument in node.arguments or ()), None)
        if isinstance(given, ListValueNode):
            return min(len(given.values), MOST_IDS)
        if not isinstance(given, VariableNode):
            return 1  # one id stands for a list of it
        value = self._variables.get(given.name.value)
        if isinstance(value, list):
            return min(len(value), MOST_IDS)
        return 1 if isinstance(value, str) else MOST_IDS

    def _of_fragment(self, name: str, page: int) -> int:
        key = (name, page)
        if key not in self._known:
            fragment = self._fragments[name]
            type_ = self._schema.type_map[fragment.type_condition.name.value]
            self._known[key] = self.of(fragment.selection_set, type_, page)
        return self._known[key]

    def _page(self, node: FieldNode, longest: int) -> int:
        """The size of a connection's page. One out of bounds counts as `longest`, and is refused
        elsewhere with a message about itself."""
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value: Any = None
                if isinstance(argument.value, IntValueNode):
                    value = _integer(argument.value)
                elif isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                if isinstance(value, int | float):  # 20.0 is an Int as well
                    return int(min(max(value, 0), longest))
        return DEFAULT_PAGE
