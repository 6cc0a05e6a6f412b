"""Checks the host that a request names."""

import re
from collections.abc import Awaitable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from engine.text.remembered import Remembered
from server.failures.errors import ErrorCode, Failure
from server.graphql.response import failure_response
from server.http.media_types import MediaType

ANY_HOST = "*"

_KEPT = 1000
"""How many results are remembered: most requests name the same few hosts."""

_HOST = re.compile(rb"(?P<name>\[[0-9a-f:.]+\]|[^\s:/?#@\[\]]+)(:[0-9]{0,5})?", re.IGNORECASE)
_SEVERAL = Failure(ErrorCode.BAD_USER_INPUT, "Send one Host header.")
_UNKNOWN = Failure(
    ErrorCode.BAD_USER_INPUT, "This host is not served here; MANDANT_ALLOWED_HOSTS names those that are."
)


class HostCheck:
    """ASGI middleware: serves requests for allowed hosts. It refuses a request that names several.

    `allowed_hosts` are names without a port. `*.example.com` stands for all hosts below it, ANY_HOST for any.
    `for_any_host`: what paths begin with that are reached by domains of customers. It stands inside
    RequestLog.
    """

    def __init__(
        self, app: ASGIApp, allowed_hosts: Sequence[str], for_any_host: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._for_any_host = for_any_host
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._endings = tuple(host[1:] for host in self._allowed if host.startswith("*."))
        self._is_allowed = Remembered(self._decide, _KEPT)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        # If there were two, a proxy might take the one and this server the other.
        if len(hosts) > 1:
            return failure_response(_SEVERAL, MediaType.JSON)(scope, receive, send)
        if scope["path"].startswith(self._for_any_host):
            return self._app(scope, receive, send)
        if not self._is_allowed(hosts[0] if hosts else b""):
            return failure_response(_UNKNOWN, MediaType.JSON)(scope, receive, send)
        return self._app(scope, receive, send)

    def _decide(self, header: bytes) -> bool:
        if ANY_HOST in self._allowed:
            return True
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        name = found["name"].decode("latin-1").lower()
        return name in self._allowed or name.endswith(self._endings)
