"""Which operations need no token, so that an invalid token does not refuse them; and which are closed to a
narrowed token.

A narrowed token may do what needs a permission, as far as it has it. Whatever needs none is about the person
or the key itself: passwords, sessions, what a person accepts. A new such mutation is closed to narrowed
tokens without further work.
"""

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType

from engine.base.marks import Anonymous, ForNarrowedTokens, Public
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


def check_narrowed(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
    """Raise FORBIDDEN where the operation has a mutation that is closed to narrowed tokens. Nothing of it is
    run, whatever `@skip` and `@include` say."""
    root = schema.mutation_type
    if operation.operation is not OperationType.MUTATION or root is None:
        return
    for name in root_fields(document, operation):
        if name.startswith("__"):
            continue
        marks = directives_of(root.fields[name])
        is_personal = any(isinstance(mark, Anonymous | Public) for mark in marks)
        if is_personal and not any(isinstance(mark, ForNarrowedTokens) for mark in marks):
            message = f"A narrowed token cannot do this: {name} is for the person or the key itself."
            raise GraphQLError(message, extensions={"code": "FORBIDDEN"})
