"""What a document selects: fields merged by their response key, through fragments and directives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    Node,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from strawberry import Schema
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from engine.declare.declarations import SqlField
from engine.declare.paging import LONGEST_PAGE

Selected = dict[str, list[FieldNode]]
"""The fields of an object by their response keys, in the order of the answer."""


@dataclass(frozen=True)
class Selections:
    """One operation's surroundings: the schema, its fragments, and variables with `Variable` for leaves."""

    schema: Schema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    _values: VariableValues = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", VariableValues({}, dict(self.variables)))

    @property
    def graphql(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self.schema._schema

    def object_type(self, cls: type) -> GraphQLObjectType:
        """The GraphQL type of a Strawberry type."""
        found = self.graphql.type_map[get_object_definition(cls, strict=True).name]
        if not isinstance(found, GraphQLObjectType):
            raise TypeError(f"{cls.__name__} is not an object type")
        return found

    def selected(self, sets: Iterable[SelectionSetNode | None], type_: GraphQLObjectType) -> Selected:
        """The fields that the selection sets ask of an object of the type."""
        found: Selected = {}
        spread: set[str] = set()
        for selection_set in sets:
            if selection_set is not None:
                self._collect(selection_set.selections, type_, found, spread)
        return found

    def arguments(
        self, strawberry_field: StrawberryField, definition: GraphQLField, node: FieldNode
    ) -> dict[str, Any]:
        """The field's arguments by their Python names; enums as Python's, variables' leaves as Variable."""
        raw = get_argument_values(definition, node, self._values)
        return convert_arguments(
            raw,
            strawberry_field.arguments,
            self.schema.schema_converter.scalar_registry,
            self.schema.config,
        )

    def _collect(
        self,
        selections: Iterable[SelectionNode],
        type_: GraphQLObjectType,
        found: Selected,
        spread: set[str],
    ) -> None:
        for node in selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(response_key(node), []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_):
                    self._collect(node.selection_set.selections, type_, found, spread)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._collect(fragment.selection_set.selections, type_, found, spread)

    def _included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self._values)
        include = get_directive_values(GraphQLIncludeDirective, node, self._values)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, name: str, type_: GraphQLObjectType) -> bool:
        condition: GraphQLNamedType = self.graphql.type_map[name]
        if condition is type_:
            return True
        return not isinstance(condition, GraphQLObjectType) and self.graphql.is_sub_type(
            condition,  # type: ignore[arg-type]  # a condition is an object, an interface or a union
            type_,
        )


def response_key(node: FieldNode) -> str:
    """The field's name in the answer."""
    return node.alias.value if node.alias else node.name.value


def sql_field(definition: GraphQLField) -> SqlField | None:
    """The SQL declaration of a field; None where Python answers it."""
    found = definition.extensions.get("strawberry-definition")
    return found if isinstance(found, SqlField) else None


SHORTER_PAGE = "shorter_page"
"""In the `metadata` of a field that Python answers: the most items of its page, where they are fewer than
LONGEST_PAGE."""


def longest_page(definition: GraphQLField) -> int:
    """The most items of the field's page."""
    declared = definition.extensions.get("strawberry-definition")
    most: int = getattr(declared, "metadata", {}).get(SHORTER_PAGE, LONGEST_PAGE)
    return most


def is_sql(type_: GraphQLObjectType, node: FieldNode) -> bool:
    """Whether SQL answers the field of the type."""
    definition = type_.fields.get(node.name.value)
    return definition is not None and sql_field(definition) is not None


def variables_in(nodes: Iterable[Node], fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    """The names of the variables that the nodes use, also in fragments."""
    uses = _Uses(fragments)
    for node in nodes:
        visit(node, uses)
    return uses.variables


class _Uses(Visitor):
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self._fragments = fragments
        self._spread: set[str] = set()
        self.variables: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        name = node.name.value
        if name not in self._spread:
            self._spread.add(name)
            visit(self._fragments[name], self)
