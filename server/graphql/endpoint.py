"""The GraphQL endpoint, after the GraphQL-over-HTTP draft; strict where the draft leaves a choice."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

import graphql
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from authz.policy.refusals import TryLater
from engine.reference.large_lists import LargeLists
from server.failures.errors import (
    ErrorCode,
    Failure,
    RefusedRequestError,
    record_failure,
    refusal_failure,
)
from server.graphql.document_memory import CheckedDocument
from server.graphql.documents import Documents
from server.graphql.introspection import KeptAnswer
from server.graphql.large_answers import ANSWERS, LARGE, LargeAnswer
from server.graphql.named_documents import NamedDocuments
from server.graphql.response import LimitedResult, failure_response, result_response
from server.graphql.slowed_refusals import SlowedRefusals
from server.http.media_types import MediaType, negotiate, prefers_html
from server.http.min_revision import min_revision
from server.http.request import EVENT_STREAM, GraphQLRequest, RequestHead, read_get, read_post, refuse_longer
from server.logs.request_log import log_operation_name

T = TypeVar("T")

PRESENTED_AT_ONCE = 500
"""Errors of an answer: more of them are written beside the event loop."""

_READING = frozenset({"GET", "HEAD"})
"""HEAD is answered as GET; the server leaves the body out."""


class RunOperation(Protocol):
    """Runs one query or mutation that is valid against the schema."""

    async def __call__(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        """The result of the operation of `document` that `request` names, or of its only one.

        Bytes are the JSON text of the data, without errors.

        `authorization` is the header as it came, None without one; `client_address` is an IP address, empty
        on a unix socket. Raises RevisionUnknown, and Unauthenticated for a token that is not valid where the
        operation is not one that answers everybody. Whatever
        else it raises is masked, logged and answered with 500, or with 503 if the database is away.
        """


class Beside(Protocol):
    """Does work that would keep the event loop from others."""

    async def __call__(self, authorization: str | None, client_address: str, work: Callable[[], T]) -> T:
        """What the work returns, in the caller's turn.

        Raises TryLater where too much is asked at once, and what the work raises.
        """


class Streams(Protocol):
    """Answers that go on."""

    async def open(self, request: GraphQLRequest, head: RequestHead) -> ASGIApp:
        """An event stream with the results of an operation. Raises Unauthenticated, TryLater, and
        RefusedRequestError in a process that stops."""


class GraphQLEndpoint:
    """An ASGI application for one route, all methods: `Route("/graphql", GraphQLEndpoint(...))`.

    `page` answers a browser that opens the address; `named` knows documents that come without their text. The
    endpoint works inside RequestLog only.
    """

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        documents: Documents,
        run: RunOperation,
        beside: Beside,
        page: Callable[[Request], Awaitable[Response]],
        named: NamedDocuments,
        streams: Streams,
    ) -> None:
        self._documents = documents
        self._streams = streams
        self._run = run
        self._beside = beside
        self._refusals = SlowedRefusals()
        self._large_lists = LargeLists(schema)
        self._page = page
        self._named = named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(RequestHead.of(scope), scope, receive)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, head: RequestHead, scope: Scope, receive: Receive) -> ASGIApp:
        if head.method in _READING and prefers_html(head.accept):
            # Also with `?query=`: the page opens it.
            page = await self._page(Request(scope, receive))
            page.headers.add_vary_header("accept")
            return page
        accepted = negotiate(head.accept)
        if accepted is None and not head.accepts_stream:
            message = f"The answer is {MediaType.JSON} or {MediaType.GRAPHQL}, whole; accept one of them."
            return failure_response(Failure(ErrorCode.NOT_ACCEPTABLE, message), MediaType.JSON)
        media_type = accepted or MediaType.GRAPHQL  # of a refusal, where a stream was asked for
        try:
            result, of_change = await self._answer(head, receive)
            if not isinstance(result, ExecutionResult | bytes):
                return result
            present = partial(
                result_response, result, media_type, scope["headers"], anonymous=head.authorization is None
            )
            if isinstance(result, bytes):
                response = present()
            else:
                response = await self._presented(result, present, head)
            is_small = len(response.body) <= LARGE or isinstance(result, KeptAnswer)  # kept anyway
            return response if is_small else LargeAnswer(response, head.client_address, of_change=of_change)
        except ClientDisconnect:
            raise
        except RefusedRequestError as refusal:
            return failure_response(refusal.failure, media_type, refusal.headers)
        except TryLater as refusal:
            await self._refusals.wait(head.client_address)
            return failure_response(refusal_failure(refusal), media_type)
        except Exception as error:
            return failure_response(record_failure(error), media_type)

    async def _presented(
        self, result: ExecutionResult, present: Callable[[], Response], head: RequestHead
    ) -> Response:
        if isinstance(result, LimitedResult):
            await self._refusals.wait(head.client_address)
        if len(result.errors or ()) <= PRESENTED_AT_ONCE:
            return present()
        return await self._beside(head.authorization, head.client_address, present)

    async def _answer(
        self, head: RequestHead, receive: Receive
    ) -> tuple[ExecutionResult | bytes | ASGIApp, bool]:
        """The answer, or the stream that will answer; and whether it is a mutation's."""
        is_change = False
        try:
            asked = await read_post(head, receive) if head.method == "POST" else _read_url(head)
            if head.revisions:
                asked = asked._replace(min_revision=min_revision(head.revisions))
            asked = asked._replace(user_agent=head.user_agent)
            asked = self._named.resolved(asked, head.authorization, head.client_address)
            checked = await self._checked(asked.query, head)
            operation = choose_operation(checked.document, asked.operation_name)
            _check_operation(operation, head)
            asked = self._with_large_lists(asked, operation)
            if checked.errors:
                return ExecutionResult(data=None, errors=checked.errors), is_change
            self._named.keep(asked, head.authorization, head.client_address)
            if _is_streamed(operation, head):
                return await self._streams.open(asked, head), is_change
            is_change = operation.operation is OperationType.MUTATION
            if is_change:
                ANSWERS.check_room(head.client_address)
            found = await self._run(asked, checked.document, head.authorization, head.client_address)
        except GraphQLError as error:
            return ExecutionResult(data=None, errors=[error]), is_change
        return found, is_change

    def _with_large_lists(self, asked: GraphQLRequest, operation: OperationDefinitionNode) -> GraphQLRequest:
        """The request with its large lists beside its variables. Raises RefusedRequestError, 413, for one
        that has none and is longer than others may be."""
        if operation.operation is not OperationType.MUTATION:
            refuse_longer(asked.size)
            return asked
        variables, lists = self._large_lists.take_out(operation, asked.variables)
        if not lists:
            refuse_longer(asked.size)
        return asked._replace(variables=variables, large_lists=lists)

    async def _checked(self, source: str, head: RequestHead) -> CheckedDocument:
        known = self._documents.known(source)
        if known is not None:
            return known
        check = partial(self._documents.check, source, anonymous=head.authorization is None)
        return await self._beside(head.authorization, head.client_address, check)


def _is_streamed(operation: OperationDefinitionNode, head: RequestHead) -> bool:
    """Whether the answer is an event stream: a subscription's, and any that is accepted in no other form."""
    is_subscription = operation.operation is OperationType.SUBSCRIPTION
    return head.accepts_stream and (is_subscription or negotiate(head.accept) is None)


def _read_url(head: RequestHead) -> GraphQLRequest:
    if head.method in _READING:
        return read_get(head)
    message = "Send a query by GET, or a query or mutation by POST."
    raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": "GET, HEAD, POST"})


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is asked for. Raises RefusedRequestError where it is not said which."""
    # Refused as not well-formed: such a request does not say what it wants, so it is 400 in both media types.
    operation = graphql.get_operation_ast(document, name)
    if operation is None:
        message = (
            "The document has no operation, or several and no operationName says which."
            if name is None
            else "The document has no operation of the name that operationName gives."
        )
        raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, message)
    return operation


def _check_operation(operation: OperationDefinitionNode, head: RequestHead) -> None:
    if operation.name:
        log_operation_name(operation.name.value)
    if operation.operation is OperationType.SUBSCRIPTION and not head.accepts_stream:
        message = f"A subscription is answered over a websocket, or as {EVENT_STREAM}; accept that."
        raise GraphQLError(message, extensions={"code": ErrorCode.NOT_ACCEPTABLE})
    if operation.operation is OperationType.MUTATION and head.method in _READING:
        message = "A mutation is sent by POST."
        raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": "POST"})
