"""The documents that make the data of webhooks: checked when they are stored, and parsed when they are run.

Such a document is one query. It may have the variables $eventId, $subjectId and $accountId, which are ids of
the event, of what was changed, and of the account.
"""

from collections.abc import Mapping

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, print_ast
from graphql.type import GraphQLSchema

from authz.policy.refusals import Refusal, RefusalCode
from engine.limits.operation import check_cost, check_stepwise_cost
from server.graphql.documents import Documents
from server.graphql.introspection import is_about_schema

VARIABLES = ("eventId", "subjectId", "accountId")
_TYPES = {"ID", "ID!"}
_FIELD = "document"


class EventDocuments:
    """Documents by their text; those that were asked for lately are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._documents = Documents(schema)

    def check(self, source: str) -> None:
        """Raise BAD_USER_INPUT for a document that cannot make the data of a webhook. It takes up to 200 ms
        of CPU, and may run in any thread."""
        try:
            self.parsed(source, dict.fromkeys(VARIABLES, ""))
        except GraphQLError as error:
            raise Refusal(RefusalCode.BAD_USER_INPUT, error.message, _FIELD) from error

    def parsed(self, source: str, variables: Mapping[str, object]) -> DocumentNode:
        """The document. Raises GraphQLError for one that is not valid, also by what the API is now."""
        checked = self._documents.check(source, anonymous=False)
        for error in checked.errors:
            raise error
        operation = _operation_of(checked.document)
        if is_about_schema(checked.document, operation):
            raise GraphQLError("The document must ask about accounts, not about the schema.")
        check_cost(self._schema, checked.document, operation, variables)
        # So few that the answer is short.
        check_stepwise_cost(self._schema, checked.document, operation, variables, anonymous=False)
        return checked.document


def _operation_of(document: DocumentNode) -> OperationDefinitionNode:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise GraphQLError("The document must have one operation, a query.")
    for definition in operations[0].variable_definitions or ():
        name, type_ = definition.variable.name.value, print_ast(definition.type)
        if name not in VARIABLES or type_ not in _TYPES:
            names = ", ".join(f"${each}: ID!" for each in VARIABLES)
            raise GraphQLError(f"The document can have these variables and no others: {names}.")
    return operations[0]
