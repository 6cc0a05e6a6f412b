"""From a result or a failure to the HTTP response: body, status and headers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

import orjson
from graphql import ExecutionResult, GraphQLFormattedError
from starlette.responses import Response

from server.failures.errors import (
    ErrorCode,
    Failure,
    headers_of,
    present_error,
    present_failure,
    retry_headers,
    status_of,
)
from server.graphql.introspection import KeptAnswer
from server.http.media_types import HeaderFields, MediaType, accepts_gzip
from server.logs.charge import Charge
from server.logs.request_log import current_charge, current_request_id, log_codes


class LimitedResult(ExecutionResult):
    """A result of which a part was refused by a limit; all of it can be tried again after `retry_after`
    seconds."""

    __slots__ = ("retry_after",)

    def __init__(self, result: ExecutionResult, retry_after: int) -> None:
        super().__init__(result.data, result.errors, result.extensions)
        self.retry_after = retry_after


def result_response(
    result: ExecutionResult | bytes, media_type: MediaType, asked: HeaderFields, *, anonymous: bool
) -> Response:
    """The response to a well-formed request. Callers without a token get no suggestions of names.

    Bytes are the JSON text of the data, without errors; `asked`: the request's header fields.
    """
    if isinstance(result, KeptAnswer):
        return _kept_response(result, media_type, asked)
    charge = current_charge()
    if isinstance(result, bytes):
        return _DataResponse(result, media_type, charge)
    body: dict[str, object] = {}
    raised = result.errors or []
    # An error without a path is from before the execution; then there is no data, not even null.
    executed = result.data is not None or all(error.path is not None for error in raised)
    if executed:
        body["data"] = result.data
    status = HTTPStatus.OK
    if raised:
        request_id = current_request_id()
        presented = [present_error(error, request_id, hide_suggestions=anonymous) for error in raised]
        body["errors"] = presented
        log_codes(_codes(presented))
        if result.data is None:
            status = _status_without_data(presented, executed, media_type)
    if result.extensions:
        body["extensions"] = result.extensions
    retry_after = result.retry_after if isinstance(result, LimitedResult) else None
    return _response(status, body, media_type, charge, retry_headers(retry_after))


_DATABASE_FAILURES = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.STORAGE_FULL, ErrorCode.NOT_SET_UP})


def _status_without_data(
    presented: list[GraphQLFormattedError], executed: bool, media_type: MediaType
) -> HTTPStatus:
    codes = _codes(presented)
    if not _DATABASE_FAILURES.isdisjoint(codes):
        return status_of(ErrorCode.UNAVAILABLE)
    # Clients of application/json take any other status for one of a proxy's and do not read the body.
    return HTTPStatus.OK if executed or media_type is MediaType.JSON else status_of(codes[0])


def _codes(presented: list[GraphQLFormattedError]) -> list[str]:
    return [error["extensions"]["code"] for error in presented]


def failure_response(
    failure: Failure, media_type: MediaType, headers: Mapping[str, str] | None = None
) -> Response:
    """What answers a request that was refused or failed as a whole: a real status in any media type."""
    log_codes([failure.code])
    return told_failure(failure, current_request_id(), media_type, headers, current_charge())


def told_failure(
    failure: Failure,
    request_id: str,
    media_type: MediaType,
    headers: Mapping[str, str] | None = None,
    charge: Charge | None = None,
) -> Response:
    """The same of a request that the log knows nothing of. `charge`: what it cost, or would have."""
    body: dict[str, object] = {"errors": [present_failure(failure, request_id)]}
    all_headers = {**retry_headers(failure.retry_after), **(headers or {})}
    return _response(status_of(failure.code), body, media_type, charge, all_headers)


def _response(
    status: HTTPStatus,
    body: dict[str, object],
    media_type: MediaType,
    charge: Charge | None,
    headers: Mapping[str, str],
) -> Response:
    all_headers = {**_headers(media_type), **headers_of(status), **headers}
    if charge is None:
        return Response(orjson.dumps(body), status, all_headers)
    extensions = cast("Mapping[str, object]", body.get("extensions", {}))
    told = body | {"extensions": {**extensions, "cost": charge.extension}}
    return Response(orjson.dumps(told), status, all_headers)


def _headers(media_type: MediaType) -> dict[str, str]:
    return {
        "content-type": f"{media_type}; charset=utf-8",
        # The answer depends on the caller, also by GET.
        "cache-control": "no-store",
        "vary": "accept",
        "x-content-type-options": "nosniff",
    }


_RAW_HEADERS = {
    media_type: [(name.encode(), value.encode()) for name, value in _headers(media_type).items()]
    for media_type in MediaType
}


def _kept_response(answer: KeptAnswer, media_type: MediaType, asked: HeaderFields) -> Response:
    headers = {**_headers(media_type), "vary": "accept, accept-encoding"}
    if accepts_gzip(asked):
        return Response(answer.compressed, headers={**headers, "content-encoding": "gzip"})
    return Response(answer.body, headers=headers)


class _DataResponse(Response):
    """The usual answer: data alone, with headers that are made once."""

    def __init__(self, data: bytes, media_type: MediaType, charge: Charge | None) -> None:
        self.status_code = HTTPStatus.OK
        self.background = None
        if charge is None:
            self.body = b'{"data":%b}' % data
        else:
            self.body = b'{"data":%b,"extensions":{"cost":%b}}' % (data, charge.json_text)
        length = str(len(self.body)).encode()
        self.raw_headers = [*_RAW_HEADERS[media_type], (b"content-length", length)]
