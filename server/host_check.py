"""Which hosts are served."""

from collections.abc import Awaitable, Sequence

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_MOST = 1000
"""Values that are remembered; clients choose them."""

_LONGEST = 260
"""Of what is remembered, in bytes: a host's name and a port."""


class HostCheck:
    """ASGI middleware: Starlette's check of the Host header, which is asked once for each value that it lets
    through, as most requests name the same few hosts."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self._app = app
        self._check = TrustedHostMiddleware(self._let_through, allowed_hosts)
        self._known: set[bytes] = set()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_known = scope["type"] != "lifespan" and _host(scope) in self._known
        return (self._app if is_known else self._check)(scope, receive, send)

    def _let_through(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        host = b"" if scope["type"] == "lifespan" else _host(scope)
        if 0 < len(host) <= _LONGEST and len(self._known) < _MOST:
            self._known.add(host)
        return self._app(scope, receive, send)


def _host(scope: Scope) -> bytes:
    """The header that Starlette looks at: the first of the name; empty without one."""
    return next((value for name, value in scope["headers"] if name == b"host"), b"")
