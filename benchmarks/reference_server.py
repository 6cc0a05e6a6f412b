"""Mandant with the reference executor alone, served like `mandant serve`."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from graphql import DocumentNode, ExecutionResult

from authz.callers.principals import Credentials
from benchmarks.operations import CONNECTIONS
from engine.base.client_values import NotCompilableError
from schema.root import build_schema
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.edge.application import Application
from server.edge.http_protocol import HttpProtocol
from server.graphql.documents import Documents
from server.graphql.endpoint import GraphQLEndpoint
from server.graphql.named_documents import PersistedQueries
from server.graphql.runner import OperationRunner
from server.http.request import GraphQLRequest
from server.live.live import Live
from server.live.streams import Streams
from server.pages import graphiql_page
from server.settings.deployment import deployment
from server.settings.settings import Settings
from server.start.serve import start_log


class ReferenceRunner(OperationRunner):
    """An executor that compiles nothing."""

    async def compiled(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials,
        client_address: str,
    ) -> ExecutionResult | bytes:
        raise NotCompilableError


def create_app(settings: Settings, database_url: str) -> Application:
    """Like `server.start.app.create_app`, for queries and mutations only."""
    # Each request holds a connection while Python computes. Clients must not be refused because they wait.
    database = connect_as_application(database_url, CONNECTIONS)
    reads = ReadPools.open(database_url, settings.pool_size)
    runner = ReferenceRunner(build_schema(), database, reads, deployment(settings))

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        yield
        await runner.close()
        await reads.close()
        await database.dispose()

    documents, named = Documents(runner.schema), PersistedQueries(runner.holder)
    live = Live.of(runner, documents, named, Streams(), reads.near)
    endpoint = GraphQLEndpoint(
        runner.schema, documents, runner, runner.beside, graphiql_page(), named, live.event_streams
    )
    return Application(endpoint, [], settings.allowed_host_names, [], lifespan, live.socket)


def main() -> None:
    """Serve on HOST and PORT, with the settings of `server.start.serve.run`."""
    settings = Settings()
    start_log()
    listener = socket.create_server((settings.host, settings.port), backlog=2048)
    config = uvicorn.Config(
        create_app(settings, os.environ["DATABASE_URL"]),
        loop="uvloop",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
