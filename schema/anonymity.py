"""Which operations answer everybody, so that a token that is not valid need not refuse them."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from engine.rules import Anonymous
from schema.directives import directives_of


def answers_everybody(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether each field at the operation's root is @anonymous or introspection.

    One that is not makes it False, also where a directive leaves it out: an answer is somebody's as a whole.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return False
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    return all(
        name.startswith("__") or any(isinstance(mark, Anonymous) for mark in directives_of(root.fields[name]))
        for name in _names(operation.selection_set, fragments, set())
    )


def _names(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], spread: set[str]
) -> Iterator[str]:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set, fragments, spread)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
            spread.add(node.name.value)
            yield from _names(fragments[node.name.value].selection_set, fragments, spread)
