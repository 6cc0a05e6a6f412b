"""Lets web pages of other origins call the API, with the token that they send themselves.

Starlette's CORSMiddleware leaves `Vary` out of responses to requests without an origin or with a refused
one, and it answers preflight requests of any path. This middleware is for the API's paths alone.
"""

from collections.abc import Awaitable, Sequence
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.billing.invoices import PDF_PATH
from server.failures.errors import ErrorCode, Failure
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.min_revision import HEADER as MIN_REVISION
from server.uploads.attachments_endpoint import PATH as ATTACHMENTS_PATH
from server.uploads.contacts_endpoint import PATH as CONTACTS_PATH
from server.uploads.recipients_endpoint import PATH as RECIPIENTS_PATH

ANY_ORIGIN = "*"

_UPLOADS = {ATTACHMENTS_PATH, CONTACTS_PATH, RECIPIENTS_PATH}
_INVOICES = PDF_PATH.partition("{")[0]
_REQUEST_HEADERS = ("Authorization", "Content-Type", "X-Request-Id", MIN_REVISION)
_RESPONSE_HEADERS = (
    "X-Request-Id",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
    "Content-Disposition",
)
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST",
    # Libraries send headers of their own, for traces and the client's version. The API does not read them:
    # the star is for these. It never stands for Authorization.
    "access-control-allow-headers": ", ".join((*_REQUEST_HEADERS, "*")),
    "access-control-max-age": "7200",  # seconds; longer than that Chromium remembers none
}
_EXPOSED = ", ".join(_RESPONSE_HEADERS)
_NOT_ALLOWED = Failure(
    ErrorCode.ORIGIN_NOT_ALLOWED,
    "Pages of this origin may not call the API; MANDANT_ALLOWED_ORIGINS names those that may.",
)
_ASKS = b"access-control-request-method"
_VARY = "origin"


class CrossOrigin:
    """ASGI middleware: lets web pages of the allowed origins read the API's responses, errors too.

    `allowed` are origins as browsers send them, or ANY_ORIGIN alone. Requests with cookies are never allowed:
    the API uses none. It stands outside of everything that answers, and inside RequestLog.
    """

    def __init__(self, app: ASGIApp, api_path: str, allowed: Sequence[str]) -> None:
        self._app = app
        self._api_path = api_path
        self._any = ANY_ORIGIN in allowed
        self._allowed = frozenset(origin.encode() for origin in allowed)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "websocket":
            return self._of_socket(scope)(scope, receive, send)
        is_concerned = scope["type"] == "http" and (self._allowed or scope["method"] == "OPTIONS")
        if not is_concerned or not self._is_api(scope["path"]):
            return self._app(scope, receive, send)
        origin, is_preflight = _asked(scope)
        allowed = self._answer_to(origin)
        if is_preflight:
            return self._answer_preflight(allowed)(scope, receive, send)
        if self._allowed:
            send = _with_headers(send, allowed, vary=not self._any)
        return self._app(scope, receive, send)

    def _of_socket(self, scope: Scope) -> ASGIApp:
        """Browsers let any page open a websocket, and tell from where: the page's own server, or an allowed
        origin. Other clients tell no origin."""
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        is_own = origin is not None and origin.partition(b"://")[2] == headers.get(b"host")
        if origin is None or is_own or self._answer_to(origin) is not None:
            return self._app
        return failure_response(_NOT_ALLOWED, MediaType.JSON)

    def _is_api(self, path: str) -> bool:
        return path == self._api_path or path in _UPLOADS or path.startswith(_INVOICES)

    def _answer_to(self, origin: bytes | None) -> str | None:
        """The value of Access-Control-Allow-Origin; None for an origin that is not allowed."""
        if self._any:
            return ANY_ORIGIN
        return origin.decode() if origin is not None and origin in self._allowed else None

    def _answer_preflight(self, allowed: str | None) -> ASGIApp:
        if allowed is None:
            response = failure_response(_NOT_ALLOWED, MediaType.JSON)
        else:
            headers = _PREFLIGHT | {"access-control-allow-origin": allowed}
            response = Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        if not self._any:
            response.headers.add_vary_header(_VARY)
        return response


def _asked(scope: Scope) -> tuple[bytes | None, bool]:
    """The request's origin, and whether the request is a preflight: a browser's question before the real
    request."""
    origin, asks = None, False
    for name, value in scope["headers"]:
        if name == b"origin":
            origin = value
        elif name == _ASKS:
            asks = True
    return origin, asks and origin is not None and scope["method"] == "OPTIONS"


def _with_headers(send: Send, allowed: str | None, *, vary: bool) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            # Also without the other headers: a cached response must not be sent to another origin.
            if vary:
                headers.add_vary_header(_VARY)
            if allowed is not None:
                headers["access-control-allow-origin"] = allowed
                headers["access-control-expose-headers"] = _EXPOSED
        await send(message)

    return send_with_headers
