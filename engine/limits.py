"""What a document may ask for at the most: one measure of its size, and one of its cost.

Sizes are those of the document with its fragments written out, but each fragment is measured once, so that a
document that doubles itself through fragments is refused as fast as any other. The cost is the number of
fields that the answer may have: what stands in a list counts as often as the page is long, by the values of
`first` and `last`, variables included; a list without pages counts as the longest page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from engine.declarations import FieldKind
from engine.paging import DEFAULT_PAGE, LONGEST_PAGE
from engine.selections import sql_field

DEPTH_LIMIT = 20
"""How deep selections may be nested."""

FIELD_LIMIT = 5_000
"""How many fields a document may have, fragments written out."""

ALIAS_LIMIT = 100
"""How many aliases."""

DIRECTIVE_LIMIT = 100
"""How many directives."""

COST_LIMIT = 200_000
"""How many fields an answer may have."""

_ENDLESS = 1_000_000_000
"""Where counting stops."""


@dataclass(frozen=True)
class Size:
    """How large a selection is, fragments written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both in one selection."""
        return Size(
            max(self.depth, other.depth),
            min(self.fields + other.fields, _ENDLESS),
            min(self.aliases + other.aliases, _ENDLESS),
            min(self.directives + other.directives, _ENDLESS),
        )


def check_size(document: DocumentNode) -> None:
    """Raise COST_EXCEEDED where a document is too large, whether or not it is valid."""
    sizes = _Sizes(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = sizes.of(definition.selection_set)
            _check("levels deep", size.depth, DEPTH_LIMIT)
            _check("fields", size.fields, FIELD_LIMIT)
            _check("aliases", size.aliases, ALIAS_LIMIT)
            _check("directives", size.directives + len(definition.directives or ()), DIRECTIVE_LIMIT)


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> None:
    """Raise COST_EXCEEDED where the answer to a valid operation may become too large."""
    root = schema.get_root_type(operation.operation)
    if root is not None:
        values = {**_defaults(operation), **variables}
        cost = _Costs(schema, document, values).of(operation.selection_set, root, 1)
        _check("fields in the answer", cost, COST_LIMIT)


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    """What the integers among the variables are where they are not given."""
    return {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _check(what: str, found: int, limit: int) -> None:
    if found > limit:
        raise GraphQLError(
            f"The document is too large: more than {limit} {what}.",
            extensions={"code": "COST_EXCEEDED"},
        )


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


class _Sizes:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = _fragments(document)
        self._known: dict[str, Size] = {}

    def of(self, selection_set: SelectionSetNode | None) -> Size:
        total = Size()
        for node in selection_set.selections if selection_set else ():
            own = Size(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                inner = self.of(node.selection_set)
                one = Size(inner.depth + 1, 1, 1 if node.alias else 0)
                own = own.beside(inner).beside(one)
            elif isinstance(node, InlineFragmentNode):
                own = own.beside(self.of(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                own = own.beside(self._of_fragment(node.name.value))
            total = total.beside(own)
        return total

    def _of_fragment(self, name: str) -> Size:
        if name not in self._known:
            self._known[name] = Size()  # a circle, which validation refuses, ends here
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set if fragment else None)
        return self._known[name]


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
        definition = getattr(type_, "fields", {}).get(node.name.value)
        if definition is None or node.selection_set is None:
            return 1
        inner_type = get_named_type(definition.type)
        if "first" in definition.args:
            return 1 + self.of(node.selection_set, inner_type, self._page(node))
        inner = self.of(node.selection_set, inner_type, 1)
        return 1 + inner * self._repeated(definition, node, page)

    @staticmethod
    def _repeated(definition: GraphQLField, node: FieldNode, page: int) -> int:
        if node.name.value in ("nodes", "edges"):
            return page
        declared = sql_field(definition)
        unpaged = declared is not None and declared.declaration.kind is FieldKind.TO_MANY
        return LONGEST_PAGE if unpaged else 1

    def _of_fragment(self, name: str, page: int) -> int:
        key = (name, page)
        if key not in self._known:
            fragment = self._fragments[name]
            type_ = self._schema.type_map[fragment.type_condition.name.value]
            self._known[key] = self.of(fragment.selection_set, type_, page)
        return self._known[key]

    def _page(self, node: FieldNode) -> int:
        """How long a connection's page is; what is out of bounds is refused elsewhere."""
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value: Any = None
                if isinstance(argument.value, IntValueNode):
                    value = int(argument.value.value)
                elif isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                if isinstance(value, int | float):  # 20.0 is an Int as well
                    return int(min(max(value, 0), LONGEST_PAGE))
        return DEFAULT_PAGE
