"""The root fields of an operation, found before it runs."""

from collections.abc import Iterator

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from engine.limits import meta_costs


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """The names of the root fields, once for each occurrence.

    A fragment counts once, whatever its directives are.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    for node in meta_costs.root_fields(operation.selection_set, fragments):
        yield node.name.value
