"""Which operations need no token, so that an invalid token does not refuse them."""

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from engine.base.marks import Anonymous
from schema.fields.directives import directives_of
from schema.fields.root_fields import root_fields


def answers_everybody(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> bool:
    """Whether every root field is @anonymous or introspection.

    A field counts even if `@skip` or `@include` leaves it out, because the whole answer is for one caller.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return False
    return all(
        name.startswith("__") or any(isinstance(mark, Anonymous) for mark in directives_of(root.fields[name]))
        for name in root_fields(document, operation)
    )
