"""Which operations answer everybody, so that a token that is not valid need not refuse them."""

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from engine.base.marks import Anonymous
from schema.fields.directives import directives_of
from schema.fields.root_fields import root_fields


def answers_everybody(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether each field at the operation's root is @anonymous or introspection.

    One that is not makes it False, also where a directive leaves it out: an answer is somebody's as a whole.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return False
    return all(
        name.startswith("__") or any(isinstance(mark, Anonymous) for mark in directives_of(root.fields[name]))
        for name in root_fields(document, operation)
    )
