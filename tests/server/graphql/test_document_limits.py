"""Each limit of documents is told by COST_EXCEEDED and by its name, and stands in the manual."""

from pathlib import Path

import pytest
from graphql import GraphQLError
from graphql.language.parser import MAX_NESTING_DEPTH

from schema.root import build_schema, graphql_schema
from server.graphql.documents import (
    COMMENT_LIMIT,
    DOCUMENT_LIMIT,
    LINE_LIMIT,
    TOKEN_LIMIT,
    Documents,
)

SCHEMA = graphql_schema(build_schema())
MANUAL = Path(__file__).parents[3] / "docs" / "guide" / "limits.md"
_LISTS = "fields { type { fields { type { fields { name } } } } }"

BEYOND = {
    "characters": ("{ __typename }" + " " * DOCUMENT_LIMIT, f"more than {DOCUMENT_LIMIT} characters"),
    "lines": ("{ __typename }" + "\n" * (LINE_LIMIT + 1), f"more than {LINE_LIMIT} lines"),
    "tokens": ("{" + " __typename" * TOKEN_LIMIT + "}", f"more than {TOKEN_LIMIT} tokens"),
    "comments": ("#\n" * (COMMENT_LIMIT + 1) + "{ __typename }", f"more than {COMMENT_LIMIT} comments"),
    "selections inside each other": (
        "{ a " * (MAX_NESTING_DEPTH + 1) + "}" * (MAX_NESTING_DEPTH + 1),
        f"more than {MAX_NESTING_DEPTH} brackets inside each other",
    ),
    "lists inside each other": (
        "{ node(id: " + "[" * 1_000 + "]" * 1_000 + ") { id } }",
        f"more than {MAX_NESTING_DEPTH} brackets inside each other",
    ),
    "questions about the schema inside each other": (
        f"{{ __schema {{ types {{ {_LISTS} }} }} }}",
        "more than 2 lists inside each other, in what it asks about the schema",
    ),
}


@pytest.mark.parametrize("anonymous", [True, False])
@pytest.mark.parametrize(("document", "what"), BEYOND.values(), ids=BEYOND.keys())
def test_a_document_beyond_a_limit(document: str, what: str, anonymous: bool) -> None:
    with pytest.raises(GraphQLError) as refused:
        Documents(SCHEMA).check(document, anonymous=anonymous)
    assert refused.value.message == f"The document is too large: {what}."
    assert refused.value.extensions == {"code": "COST_EXCEEDED"}


def test_the_manual_has_each_limit() -> None:
    documents = MANUAL.read_text(encoding="utf-8").partition("## Documents")[2].partition("\n## ")[0]
    for number in (DOCUMENT_LIMIT, LINE_LIMIT, TOKEN_LIMIT, COMMENT_LIMIT, MAX_NESTING_DEPTH):
        assert f" {number:,}" in documents
    assert "2 lists inside each other" in documents
