"""All codes of errors: those of mutations from the schema, those of requests from the server."""

from collections.abc import Iterator, Mapping

from graphql import GraphQLEnumType, GraphQLSchema

from server.failures.errors import ErrorCode, status_of

MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.BAD_USER_INPUT: "The request, its document or a value in it is not valid.",
    ErrorCode.UNAUTHENTICATED: "The token is not valid, or the field needs one.",
    ErrorCode.NOT_FOUND: "There is nothing at this address, or it is outside your reach.",
    ErrorCode.METHOD_NOT_ALLOWED: "The address does not take this method. A mutation needs POST.",
    ErrorCode.NOT_ACCEPTABLE: "The client takes none of the media types that the server answers in.",
    ErrorCode.PAYLOAD_TOO_LARGE: "The body is too long.",
    ErrorCode.HEADERS_TOO_LARGE: "The address and the headers are too long.",
    ErrorCode.REQUEST_TIMEOUT: "The request came too slowly.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The body is of another media type than is taken here, or compressed.",
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: "The document of this hash is not known; send it with its text.",
    ErrorCode.DOCUMENT_NOT_TRUSTED: "The server runs a list of documents, and this is none of them.",
    ErrorCode.REVISION_UNKNOWN: "The revision that the answer was to contain was never written here.",
    ErrorCode.INCREMENTAL_DELIVERY_NOT_SUPPORTED: "There is no `@defer` and no `@stream`.",
    ErrorCode.ORIGIN_NOT_ALLOWED: "Pages of this origin may not call the API.",
    ErrorCode.CONFLICT: "Another request changed the same data at that moment; try again.",
    ErrorCode.BUSY: "Too much of this is under way; try again after `retryAfter`.",
    ErrorCode.UNAVAILABLE: "The database is away or too slow; try again.",
    ErrorCode.STORAGE_FULL: "The database's disk is full.",
    ErrorCode.NOT_SET_UP: "The operator has to set the database up.",
    ErrorCode.INTERNAL: "A fault of the server. The log has it under the request's id.",
}
"""What the codes mean that the server itself gives."""


def error_page(schema: GraphQLSchema) -> str:
    """Every code, in two tables."""
    return "\n".join(_lines(schema))


def _lines(schema: GraphQLSchema) -> Iterator[str]:
    yield "---\nhide: [toc]\n---\n# Codes of errors\n"
    yield "Programs decide by these codes. [Errors and refusals](../guide/errors.md) says where they stand.\n"
    yield "## Of mutations\n"
    yield "In `userErrors`, and as `extensions.code` of fields. Without data the answer has the status.\n"
    yield "| code | meaning | status |\n|---|---|---|"
    codes = schema.type_map["ErrorCode"]
    if not isinstance(codes, GraphQLEnumType):
        raise TypeError("ErrorCode is an enum")
    for name, value in codes.values.items():
        meaning = " ".join((value.description or "").split()).replace("|", "\\|")
        yield f"| `{name}` | {meaning} | {status_of(name).value} |"
    yield "\n## Of requests\n"
    yield "As `extensions.code` of an answer without data.\n"
    yield "| code | meaning | status |\n|---|---|---|"
    for code in ErrorCode:
        yield f"| `{code}` | {MEANINGS[code]} | {status_of(code).value} |"
