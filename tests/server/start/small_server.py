"""A uvicorn server with a small schema, to ask the GraphQL endpoint over real HTTP."""

import asyncio
import inspect
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import graphql
import httpx
import uvicorn
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLResolveInfo, GraphQLScalarType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from server.edge.http_protocol import HttpProtocol
from server.failures.errors import ErrorCode, RefusedRequestError, Unauthenticated
from server.graphql.documents import Documents
from server.graphql.endpoint import GraphQLEndpoint
from server.graphql.named_documents import PersistedQueries
from server.http.request import GraphQLRequest, RequestHead
from server.logs.request_log import RequestLog

T = TypeVar("T")
Info = GraphQLResolveInfo[None]

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HELLO = "{ greeting }"
TOGETHER = 5
"""So many requests have to be served beside each other before `together` answers them."""
SECRET = "postgresql://owner:hunter2@db"

SDL = """
scalar Even
scalar Anything
input Search { name: String }
type Query {
  greeting(name: String = "world"): String!
  found(search: Search!): String
  number(value: Int!): Int
  even(value: Even!): Int
  echo(value: Anything): Anything
  huge: Anything
  together: String
  broken: String
  brokenRequired: String!
  away: String
  awayRequired: String!
  forbidden: String
}
type Mutation { record(value: Int!): Int! }
type Subscription { ticks: Int }
"""


def even(value: object) -> int:
    if not isinstance(value, int) or value % 2:
        raise ValueError("this number is odd")
    return value


def make_schema() -> graphql.GraphQLSchema:
    schema = graphql.build_schema(SDL)
    scalar = schema.get_type("Even")
    assert isinstance(scalar, GraphQLScalarType)
    scalar.coerce_input_value = even
    return schema


@dataclass
class Root:
    """The resolvers, and what they have done."""

    recorded: list[int] = field(default_factory=list)
    meeting: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(TOGETHER))

    def greeting(self, info: Info, name: str) -> str:
        return f"Hello {name}"

    def found(self, info: Info, search: dict[str, str]) -> str | None:
        return search.get("name")

    def number(self, info: Info, value: int) -> int:
        return value

    def even(self, info: Info, value: int) -> int:
        return value

    def echo(self, info: Info, value: object = None) -> object:
        return value

    def huge(self, info: Info) -> int:
        return 2**70

    async def together(self, info: Info) -> str:
        """Answers once so many are asked at once."""
        await self.meeting.wait()
        return "done"

    def broken(self, info: Info) -> str:
        raise RuntimeError(SECRET)

    brokenRequired = broken  # noqa: N815 - named as its field

    def away(self, info: Info) -> str:
        raise ConnectionRefusedError(SECRET)

    awayRequired = away  # noqa: N815 - named as its field

    def forbidden(self, info: Info) -> str:
        raise GraphQLError("You lack MEMBERS_READ.", extensions={"code": "FORBIDDEN"})

    def record(self, info: Info, value: int) -> int:
        self.recorded.append(value)
        return value


@dataclass
class SmallServer:
    """The running server: its address without the path, and its resolvers."""

    url: str
    root: Root


def post(
    client: httpx.Client, body: object, accept: str = GRAPHQL, token: str | None = None
) -> httpx.Response:
    headers = {"accept": accept} | ({"authorization": f"Bearer {token}"} if token else {})
    return client.post("/graphql", json=body, headers=headers)


def only_error(response: httpx.Response) -> dict[str, object]:
    """The code and the message of the response's one error."""
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return {"code": error["extensions"]["code"], "message": error["message"]}


def code_of(response: httpx.Response) -> object:
    """The code that all errors of the response have."""
    (code,) = {error["extensions"]["code"] for error in response.json()["errors"]}
    return code


class NoStreams:
    """Opens none."""

    async def open(self, request: GraphQLRequest, head: RequestHead) -> ASGIApp:
        raise RefusedRequestError(ErrorCode.NOT_FOUND, "There are no streams here.")


@contextmanager
def run_small_server() -> Iterator[SmallServer]:
    schema, root = make_schema(), Root()

    async def execute(
        request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult:
        match authorization:
            case "Bearer expired":
                raise Unauthenticated
            case "Bearer breaks":
                raise RuntimeError(SECRET)
            case "Bearer away":
                raise ConnectionRefusedError(SECRET)
        result = graphql.execute(schema, document, root, None, request.variables, request.operation_name)
        answer = await result if inspect.isawaitable(result) else result
        answer.extensions = {"client": client_address, "authorization": authorization}
        return answer

    async def at_once(authorization: str | None, client_address: str, work: Callable[[], T]) -> T:
        return work()

    async def page(request: Request) -> Response:
        return HTMLResponse("<title>GraphiQL</title>")

    def holder(authorization: str | None, client_address: str) -> str:
        return authorization or client_address

    named = PersistedQueries(holder)
    endpoint = GraphQLEndpoint(schema, Documents(schema), execute, at_once, page, named, NoStreams())
    application = RequestLog(Starlette(routes=[Route("/graphql", endpoint)]))
    with run_in_thread(application) as address:
        yield SmallServer(f"http://{address}", root)


@contextmanager
def run_in_thread(
    application: ASGIApp, http: type[HttpProtocol] = HttpProtocol, idle_seconds: int = 5
) -> Iterator[str]:
    """Serves the application; yields its host and port. `idle_seconds`: how long it waits for a next request
    on a connection."""
    config = uvicorn.Config(
        application, http=http, log_config=None, lifespan="off", ws="none", timeout_keep_alive=idle_seconds
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
