"""The server, on HOST and PORT: Strawberry's ASGI application in Starlette, on uvicorn."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.usual.database import engine, reading
from benchmarks.usual.loaders import Loaders
from benchmarks.usual.policy import Policy, load_policy
from benchmarks.usual.principal import principal_of
from benchmarks.usual.schema import Context, schema
from benchmarks.usual.writes import Writes


class Endpoint(GraphQL[Context, None]):
    """Finds out who asks, before anything else."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        policy: Policy = request.app.state.policy
        assert request.client is not None, "over TCP there is one"
        async with reading() as session:
            authorization = request.headers.get("authorization")
            principal = await principal_of(session, authorization, request.client.host)
        return Context(Loaders(policy, principal), Writes(policy, principal))


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with reading() as session:
        app.state.policy = await load_policy(session)
    yield
    await engine.dispose()


application = Starlette(routes=[Route("/graphql", Endpoint(schema, graphql_ide=None))], lifespan=_lifespan)


if __name__ == "__main__":
    host, port = os.environ["HOST"], int(os.environ["PORT"])
    uvicorn.run(application, host=host, port=port, log_level="warning", access_log=False)
