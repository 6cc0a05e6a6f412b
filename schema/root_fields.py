"""The fields at an operation's root, as far as they can be told before it runs."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """Their names, each as often as it stands there; a fragment counts once, whatever its directives say."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    return _names(operation.selection_set, fragments, set())


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
