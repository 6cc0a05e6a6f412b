"""GraphQL documents, parsed and validated once: clients send the same few again and again."""

from collections import OrderedDict
from dataclasses import dataclass

import graphql
from graphql import DocumentNode, GraphQLError, GraphQLSchema

from engine.limits import check_size
from engine.texts import read_document_texts

TOKEN_LIMIT = 5_000
"""The most tokens of a document, comments not counted."""

COMMENT_LIMIT = 1_000
"""The most comments of a document."""

DOCUMENT_LIMIT = 200_000
"""The longest document, in characters; what is longer belongs into variables."""

VALIDATION_ERROR_LIMIT = 20
"""After so many errors a document is not validated further."""

_REMEMBERED_DOCUMENTS = 1_000
_LONGEST_REMEMBERED = 10_000
"""Characters: longer documents are rare, and would make the memory's size unforeseeable."""


@dataclass(frozen=True)
class CheckedDocument:
    """A document, and what is wrong with it."""

    document: DocumentNode
    errors: list[GraphQLError]


class Documents:
    """Documents by their text. Only valid ones are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._valid: OrderedDict[str, CheckedDocument] = OrderedDict()

    def known(self, source: str) -> CheckedDocument | None:
        """The document of a text that was found valid lately."""
        known = self._valid.get(source)
        if known is not None:
            self._valid.move_to_end(source)
        return known

    def check(self, source: str, *, anonymous: bool) -> CheckedDocument:
        """The document of a text; callers without a token are not told what names exist. Raises
        GraphQLError for what cannot be parsed, is too large or holds texts that cannot be stored."""
        known = self.known(source)
        if known is not None:
            return known
        document = graphql.parse(
            source,
            max_lexical_tokens=TOKEN_LIMIT,
            max_comments=COMMENT_LIMIT,
            max_source_length=DOCUMENT_LIMIT,
        )
        check_size(document)
        document = read_document_texts(document)
        checked = CheckedDocument(document, self._errors_in(document, anonymous))
        if not checked.errors and len(source) <= _LONGEST_REMEMBERED:
            self._valid[source] = checked
            if len(self._valid) > _REMEMBERED_DOCUMENTS:
                self._valid.popitem(last=False)
        return checked

    def _errors_in(self, document: DocumentNode, anonymous: bool) -> list[GraphQLError]:
        found = graphql.validate(
            self._schema, document, max_errors=VALIDATION_ERROR_LIMIT, hide_suggestions=anonymous
        )
        # What a scalar raised of a literal is the client's mistake; with its cause it would be masked.
        return [GraphQLError(error.message, error.nodes, extensions=error.extensions) for error in found]
