"""The limits of documents and requests, as the program has them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphql.language.parser import MAX_NESTING_DEPTH

from engine.limits import merging, meta_costs, operation, sizes, string_checks
from server.edge.connection_limits import ConnectionLimits
from server.graphql import documents
from server.http import request


class Limit(NamedTuple):
    """At most so many; more has the code."""

    what: str
    most: int
    code: str


_COST = "COST_EXCEEDED"
_INPUT = "BAD_USER_INPUT"

DOCUMENTS: Sequence[Limit] = (
    Limit("characters", documents.DOCUMENT_LIMIT, _COST),
    Limit("lines", documents.LINE_LIMIT, _COST),
    Limit("tokens", documents.TOKEN_LIMIT, _COST),
    Limit("comments", documents.COMMENT_LIMIT, _COST),
    Limit("brackets inside each other", MAX_NESTING_DEPTH, _COST),
    Limit("operations", sizes.OPERATION_LIMIT, _COST),
    Limit("fragments", sizes.FRAGMENT_LIMIT, _COST),
    Limit("levels", sizes.DEPTH_LIMIT, _COST),
    Limit("fields and fragments that are selected, with fragments written out", sizes.FIELD_LIMIT, _COST),
    Limit("aliases of an operation", sizes.ALIAS_LIMIT, _COST),
    Limit("directives of an operation", sizes.DIRECTIVE_LIMIT, _COST),
    Limit("values in arguments and defaults, and variables", sizes.VALUE_LIMIT, _COST),
    Limit("pairs of fields of one name, and of fragments, in one place", merging.PAIR_LIMIT, _COST),
    Limit(
        "comparisons by which validation finds whether fields can be merged",
        documents.COMPARISON_LIMIT,
        _COST,
    ),
    Limit("fields in the answer", operation.COST_LIMIT, _COST),
    Limit("fields in an answer that is put together one by one", operation.STEPWISE_COST_LIMIT, _COST),
    Limit("fields in an answer about the schema", meta_costs.META_COST_LIMIT, _COST),
    *(Limit(f"`{name}` of an operation", most, _COST) for name, most in meta_costs.META_FIELD_LIMITS.items()),
    Limit("values in variables", string_checks.VARIABLE_VALUE_LIMIT, _COST),
)
_HEAD = ConnectionLimits()
REQUESTS: Sequence[Limit] = (
    Limit("bytes of the address and the headers", _HEAD.head_size, "HEADERS_TOO_LARGE"),
    Limit("headers", _HEAD.header_count, "HEADERS_TOO_LARGE"),
    Limit("bytes of a body", request.BODY_LIMIT, "PAYLOAD_TOO_LARGE"),
    Limit("bytes of a body with a large list", request.LARGE_BODY_LIMIT, "PAYLOAD_TOO_LARGE"),
    Limit("JSON objects and lists inside each other", request.DEPTH_LIMIT, _INPUT),
    Limit("JSON objects and lists in all", request.CONTAINER_LIMIT, _INPUT),
)


def limit_page() -> str:
    """Both tables."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "---\nhide: [toc]\n---\n# Limits in numbers\n"
    yield "What the program has when this page is built. [Limits](../guide/limits.md) says what counts,"
    yield "and how often something may be done.\n"
    for title, limits in (("Of a document", DOCUMENTS), ("Of a request", REQUESTS)):
        yield f"## {title}\n"
        yield "| at most | of what | beyond it |\n|---|---|---|"
        for limit in limits:
            yield f"| {limit.most:,} | {limit.what} | `{limit.code}` |"
        yield ""
