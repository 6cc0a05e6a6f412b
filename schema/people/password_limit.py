"""How many passwords one document may contain. Each is hashed, one after the other."""

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from schema.fields.root_fields import root_fields

PASSWORD_FIELDS = frozenset(
    {"signUp", "signIn", "emailVerify", "passwordReset", "passwordChange", "userDelete", "emailChange"}
    | {"totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart", "passkeyRemove"}
)
"""The mutations that take a password."""

MOST_PASSWORD_FIELDS = 5


def check_passwords(document: DocumentNode, operation: OperationDefinitionNode) -> None:
    """Raise COST_EXCEEDED before anything runs if the operation has more such mutations."""
    found = sum(name in PASSWORD_FIELDS for name in root_fields(document, operation))
    if found > MOST_PASSWORD_FIELDS:
        message = f"The document is too large: more than {MOST_PASSWORD_FIELDS} mutations take a password."
        raise GraphQLError(message, extensions={"code": "COST_EXCEEDED"})
