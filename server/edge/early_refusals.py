"""Responses to clients that are refused before the application gets a request."""

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from server.edge.connection_limits import ConnectionLimits
from server.failures.errors import ErrorCode, Failure, status_of
from server.graphql.response import told_failure
from server.http.media_types import MediaType
from server.logs.request_log import new_request_id

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MALFORMED = Failure(ErrorCode.BAD_USER_INPUT, "This is not an HTTP request.")
NO_TUNNELS = Failure(ErrorCode.METHOD_NOT_ALLOWED, "There is no method CONNECT.")
TOO_SLOW = Failure(ErrorCode.REQUEST_TIMEOUT, "The request came too slowly.")
CROWDED = Failure(ErrorCode.BUSY, "The server has too many connections; try again.", retry_after=1)
STOPPING = Failure(ErrorCode.UNAVAILABLE, "The server is stopping; try again.")


class Refused(Exception):
    """Raised while a request is parsed, to stop the parsing."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def too_large(limits: ConnectionLimits) -> Failure:
    """The failure for a head that is larger than the limits allow."""
    message = f"The URL and the headers are longer than {limits.head_size} bytes, or more than "
    return Failure(ErrorCode.HEADERS_TOO_LARGE, f"{message}{limits.header_count} headers.")


def refusal(failure: Failure, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    """The whole response, after which the connection is closed. Writes a line into the log, as every request
    does."""
    request_id = new_request_id()
    headers = {"connection": "close", "x-request-id": request_id}
    response = told_failure(failure, request_id, MediaType.JSON, headers)
    _log.info(
        "request refused early",
        request_id=request_id,
        status=int(status_of(failure.code)),
        codes={str(failure.code): 1},
    )
    lines = [b"%b: %b\r\n" % header for header in (*default_headers, *response.raw_headers)]
    return b"".join((STATUS_LINE[response.status_code], *lines, b"\r\n", response.body))
