"""The application: Starlette, with a short path for GraphQL requests."""

import math
from collections.abc import Awaitable, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from server.edge.cross_origin import CrossOrigin
from server.edge.host_check import HostCheck
from server.logs.request_log import GRAPHQL_PATH, TOKEN_PATHS, RequestLog
from server.pages.files import ASSETS_PATH


class Application(Starlette):
    """Logs every request and checks its origin and its host. A GraphQL request by POST then goes straight to
    its endpoint, which answers its own failures. All others go through Starlette's router."""

    def __init__(
        self,
        endpoint: ASGIApp,
        routes: Sequence[BaseRoute],
        allowed_hosts: Sequence[str],
        allowed_origins: Sequence[str],
        lifespan: Lifespan["Application"],
        socket: ASGIApp,
        slow_seconds: float = math.inf,
    ) -> None:
        super().__init__(routes=[Route(GRAPHQL_PATH, endpoint), *routes], lifespan=lifespan)
        self._endpoint = endpoint
        self._socket = socket
        # Outside of Starlette, so that its error pages have the request's id and web pages can read them.
        hosts = HostCheck(self._enter, allowed_hosts, (*TOKEN_PATHS, ASSETS_PATH))
        self._entrance = RequestLog(CrossOrigin(hosts, GRAPHQL_PATH, allowed_origins), slow_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._entrance(scope, receive, send)

    def _enter(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_graphql = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == GRAPHQL_PATH
        if is_graphql and not scope.get("root_path"):
            return self._endpoint(scope, receive, send)
        if scope["type"] == "websocket" and scope["path"] == GRAPHQL_PATH:
            return self._socket(scope, receive, send)
        return super().__call__(scope, receive, send)
