"""What questions about the schema itself cost: the fields that their answers have, counted in the schema.

`__schema` and `__type` need no database and no token, but a short document can ask for each type's fields, of
each field its arguments, and of each of those a type again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from engine.limits.excess import refuse_beyond

META_COST_LIMIT = 62_000
"""How many fields an answer about the schema may have: the usual question for all of it has 41,000."""

META_FIELD_LIMITS = {"__schema": 2, "__type": 10}
"""How often an operation may ask about the schema, and about a type; code generators ask for five types."""

_META_FIELDS = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


def root_fields(
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    spread: set[str] | None = None,
) -> Iterator[FieldNode]:
    """The fields of an object, those of its fragments included, each fragment once."""
    spread = set() if spread is None else spread
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from root_fields(node.selection_set, fragments, spread)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
            spread.add(node.name.value)
            yield from root_fields(fragments[node.name.value].selection_set, fragments, spread)


def check_meta_cost(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    most: int,
) -> None:
    """Raise COST_EXCEEDED where the answer to a valid operation tells more about the schema than `most`
    fields.

    It takes some microseconds for each field that is counted, and stops at the limit.
    """
    asked = [
        node for node in root_fields(operation.selection_set, fragments) if node.name.value in _META_FIELDS
    ]
    for name, limit in META_FIELD_LIMITS.items():
        refuse_beyond(f"times {name}", sum(node.name.value == name for node in asked), limit)
    costs = _MetaCosts(schema, fragments, {**_defaults(operation), **variables}, most)
    for node in asked:
        costs.add(node, _META_FIELDS[node.name.value], schema)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


@dataclass
class _Shape:
    """What is asked of each object of a type."""

    leaves: int = 0
    below: list[tuple[FieldNode, GraphQLField]] = field(default_factory=list)


class _MetaCosts:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        most: int,
    ) -> None:
        self._most = most
        self._info: Any = SimpleNamespace(schema=schema)
        self._fragments = fragments
        self._variables = dict(variables)
        self._shapes: dict[int, _Shape] = {}
        self._found = 0

    def add(self, node: FieldNode, definition: GraphQLField, holder: object) -> None:
        """Count what a field of `holder`, which may have fields itself, answers."""
        self._count(1)
        arguments = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }
        if definition is TypeMetaFieldDef and not isinstance(arguments.get("name"), str):
            return  # refused by GraphQL's rules for variables
        answer = definition.resolve(holder, self._info, **arguments) if definition.resolve else None
        shape = self._shape(node, get_named_type(definition.type))
        for item in _items(answer, definition):
            self._count(shape.leaves)
            for inner, inner_definition in shape.below:
                self.add(inner, inner_definition, item)

    def _shape(self, node: FieldNode, type_: GraphQLNamedType) -> _Shape:
        key = id(node)
        if key not in self._shapes:
            self._shapes[key] = shape = _Shape()
            for inner in root_fields(node.selection_set, self._fragments) if node.selection_set else ():
                definition = (
                    type_.fields.get(inner.name.value) if isinstance(type_, GraphQLObjectType) else None
                )
                if definition is None or inner.selection_set is None:
                    shape.leaves += 1
                else:
                    shape.below.append((inner, definition))
        return self._shapes[key]

    def _count(self, many: int) -> None:
        self._found += many
        refuse_beyond("fields in what it asks about the schema", self._found, self._most)


def _items(answer: Any, definition: GraphQLField) -> Iterator[Any]:
    """The objects of a field's answer."""
    if is_list_type(get_nullable_type(definition.type)):
        yield from answer or ()
    elif answer is not None:
        yield answer
