"""GraphQL documents, parsed and validated: what is too large is refused before it is validated."""

import graphql
from graphql import DirectiveNode, DocumentNode, GraphQLError, GraphQLSchema, Node
from graphql.validation import (
    ASTValidationRule,
    KnownDirectivesRule,
    MaxIntrospectionDepthRule,
    specified_rules,
    validation_context,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.rules.max_introspection_depth_rule import MAX_LIST_DEPTH
from graphql.validation.validate import ValidationAbortedError

from engine.limits.excess import refuse_beyond, too_large
from engine.limits.sizes import check_size
from engine.limits.string_checks import read_document_texts
from server.failures.errors import ErrorCode
from server.graphql.document_memory import CheckedDocument, DocumentMemory
from server.graphql.parsing import parse_document

TOKEN_LIMIT = 5_000
"""The most tokens of a document, comments not counted."""

COMMENT_LIMIT = 1_000
"""The most comments of a document."""

DOCUMENT_LIMIT = 100_000
"""The longest document, in characters; what is longer belongs into variables."""

LINE_LIMIT = 10_000
"""The most lines of a document: each error counts the lines before its place."""

VALIDATION_ERROR_LIMIT = 10
"""After so many errors a document is not validated further."""

COMPARISON_LIMIT = 30_000
"""How many comparisons of fields and fragments validation may take, as graphql-core counts them: 0.5 to 4
microseconds each."""

FRAGMENT_WORK_LIMIT = 10_000
"""How often validation may go from an operation to a fragment or a variable, as graphql-core counts it."""

_INCREMENTAL = {"defer", "stream"}
"""Directives that ask for an answer in parts."""

# graphql-core has no arguments for them: each validation reads them where they stand.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = COMPARISON_LIMIT
validation_context.MAX_FRAGMENT_WORK = FRAGMENT_WORK_LIMIT


class _IntrospectionDepth(MaxIntrospectionDepthRule):
    """graphql-core's rule, told as all limits are."""

    def report_error(self, error: GraphQLError) -> None:
        most = MAX_LIST_DEPTH - 1
        raise too_large(f"more than {most} lists inside each other, in what it asks about the schema")


class _Directives(KnownDirectivesRule):
    """graphql-core's rule, with a sentence and a code for those who ask for an answer in parts."""

    def enter_directive(
        self, node: DirectiveNode, _key: object, _parent: object, _path: object, ancestors: list[Node]
    ) -> None:
        if node.name.value in _INCREMENTAL:
            message = (
                f"Answers come whole: ask without @{node.name.value}, and for what is slow by another query."
            )
            code = {"code": ErrorCode.INCREMENTAL_DELIVERY_NOT_SUPPORTED}
            raise GraphQLError(message, node, extensions=code)
        super().enter_directive(node, _key, _parent, _path, ancestors)


_OUR_RULES: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
    MaxIntrospectionDepthRule: _IntrospectionDepth,
    KnownDirectivesRule: _Directives,
}
_RULES = [_OUR_RULES.get(rule, rule) for rule in specified_rules]


class Documents:
    """Documents by their text. Only valid ones are remembered."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._memory = DocumentMemory()

    def known(self, source: str) -> CheckedDocument | None:
        """The document of a text if it is remembered, which is only looked up."""
        return self._memory.find(source)

    def check(self, source: str, *, anonymous: bool) -> CheckedDocument:
        """The document of a text. Callers without a token get no suggestions of names.

        It takes up to 200 ms of CPU where the document is not remembered, and may run in any thread. Raises
        GraphQLError for what cannot be parsed, is too large or holds texts that cannot be stored.
        """
        known = self._memory.find(source)
        if known is not None:
            return known
        checked = self._checked(source, anonymous)
        if not checked.errors:
            self._memory.remember(source, checked)
        return checked

    def _checked(self, source: str, anonymous: bool) -> CheckedDocument:
        refuse_beyond("lines", source.count("\n") + source.count("\r"), LINE_LIMIT)
        parsed = parse_document(source, tokens=TOKEN_LIMIT, comments=COMMENT_LIMIT, characters=DOCUMENT_LIMIT)
        check_size(parsed.document)
        document = read_document_texts(parsed.document) if '"' in source else parsed.document
        return CheckedDocument(document, parsed.tokens, self._errors_in(document, anonymous))

    def _errors_in(self, document: DocumentNode, anonymous: bool) -> list[GraphQLError]:
        found = graphql.validate(
            self._schema, document, _RULES, max_errors=VALIDATION_ERROR_LIMIT, hide_suggestions=anonymous
        )
        if 0 < len(found) <= VALIDATION_ERROR_LIMIT and isinstance(found[-1], ValidationAbortedError):
            raise too_large(f"more than {COMPARISON_LIMIT} comparisons of its fields and fragments")
        # What a scalar raised of a literal is the client's mistake; with its cause it would be masked.
        return [GraphQLError(error.message, error.nodes, extensions=error.extensions) for error in found]
