"""The fields at an operation's root, as far as they can be told before it runs."""

from collections.abc import Iterator

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from engine.limits import meta_costs


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """Their names, each as often as it stands there; a fragment counts once, whatever its directives say."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    for node in meta_costs.root_fields(operation.selection_set, fragments):
        yield node.name.value
