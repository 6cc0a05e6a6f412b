"""The request's id, and the log's line for every request."""

import math
import os
import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.logs.charge import Charge
from server.logs.lines import LoggedRequest, logged_request
from server.logs.metrics import count_request
from server.logs.traces import request_span

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# A path and an operation's name are the client's: the log must not grow by what a client sends.
_LONGEST_LOGGED = 200
_REFUSED = "refused"
_ID_BYTES = 16

GRAPHQL_PATH = "/graphql"
TOKEN_PATHS = frozenset({"/o/", "/c/", "/u/"})
"""What follows is a secret: it lets whoever has it speak for the recipient of a message."""
_PREFIX_LENGTH = 3
_RESPONSE_STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class RequestLog:
    """ASGI middleware: gives each request an id and writes one log line when the request has ended.

    The id is the client's `X-Request-Id` if that is 1-64 letters, digits, dots, hyphens and underscores,
    else a new one; it is sent back under the same name and stands in every log line of the request. A line
    holds the codes of what was refused, and neither the query string, nor any header, nor a token in the
    path. It belongs outside of Starlette, so that the error pages of Starlette carry the id as well. A
    websocket counts as one request, of the duration of its connection.

    What the request was charged by then stands in the fields of its answer that tell of budgets, also where
    the answer is a file.

    It counts GraphQL requests for the metrics. One that takes `slow_seconds` or longer leaves a further line,
    with its operation's name and cost. Of a stream the answers count, one by one (see
    `server.live.counting`).
    """

    def __init__(self, app: ASGIApp, slow_seconds: float = math.inf) -> None:
        self._app = app
        self._slow_seconds = slow_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path = _logged_path(scope["path"])
        with request_span(scope, path) as span:
            await self._answer(scope, receive, send, path, span)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, path: str, span: Any) -> None:
        request_id = _request_id_for(scope)
        # Not reset at the end: uvicorn reports an exception after this, and its report carries the id.
        request = LoggedRequest(request_id, slow_seconds=self._slow_seconds)
        logged_request.set(request)
        # What stays None when the client went away before it was answered.
        status: int | None = None
        started = perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in _RESPONSE_STARTS:
                status = message.get("status", 101)
                told = () if request.charge is None else request.charge.headers
                own = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", ()), *told, own]
            elif message["type"] == "websocket.close" and status is None:
                status = 403  # what the server makes of a websocket that is closed before it is accepted
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            status = status or 500
            raise
        finally:
            seconds = perf_counter() - started
            if span is not None:
                span.set_attribute("http.response.status_code", int(status or 0))
                span.set_attribute("mandant.request_id", request_id)
            if scope["path"] == GRAPHQL_PATH and scope["type"] == "http" and not request.is_stream:
                count_operation(request, seconds)
            _log.info(
                "request",
                method=scope.get("method", "WEBSOCKET"),
                path=path,
                status=None if status is None else int(status),  # an HTTPStatus says too much of itself
                duration_ms=round(seconds * 1000, 2),
                **({"codes": dict(request.codes)} if request.codes else {}),
            )


def count_operation(request: LoggedRequest, seconds: float) -> None:
    """Count a GraphQL operation that has been answered, and write its line if it was slow."""
    charge = request.charge
    trusted = charge is not None and charge.whose != "place"
    way = request.way or _REFUSED
    count_request(request.operation_name, way, request.codes, seconds, trusted=trusted)
    if seconds >= request.slow_seconds:
        cost = None if charge is None else charge.requested
        _log.warning("slow operation", way=way, cost=cost, duration_ms=round(seconds * 1000, 2))


def current_request_id() -> str:
    """The id of the request that is being answered; LookupError outside of RequestLog."""
    return logged_request.get().id


def log_operation_name(name: str) -> None:
    """Puts the name of the GraphQL operation into every further log line of the request."""
    logged_request.get().operation_name = name[:_LONGEST_LOGGED]


def note_stream() -> None:
    """The request is answered by a stream. It counts as no operation itself."""
    logged_request.get().is_stream = True


def note_charge(charge: Charge) -> None:
    """What the request cost, for its answer and its log line, if there is a request."""
    request = logged_request.get(None)
    if request is not None:
        request.charge = charge


def note_way(way: str) -> None:
    """How the operation was run, if there is a request."""
    request = logged_request.get(None)
    if request is not None:
        request.way = way


def current_charge() -> Charge | None:
    """What the request has cost."""
    return logged_request.get().charge


def log_codes(codes: Iterable[str]) -> None:
    """Adds the codes of refusals, with their counts, to the request's log line, if there is a request."""
    request = logged_request.get(None)
    if request is not None:
        request.codes.update(map(str, codes))  # an enum's member says too much of itself


def _logged_path(path: str) -> str:
    prefix = path[:_PREFIX_LENGTH]
    return f"{prefix}..." if prefix in TOKEN_PATHS else path[:_LONGEST_LOGGED]


def _request_id_for(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(given):
                return given
    return new_request_id()


def new_request_id() -> str:
    """An id for a request that has none."""
    return os.urandom(_ID_BYTES).hex()
