"""One operation over server-sent events, by the protocol graphql-sse in its mode of distinct connections.

An event `next` holds an execution result; `complete` is the last event. What is refused before the stream
begins is answered as any other request.
"""

import asyncio
from contextlib import ExitStack

from starlette.types import Receive, Scope, Send

from authz.callers.principals import Credentials
from server.failures.errors import Unauthenticated
from server.http.request import GraphQLRequest, RequestHead
from server.live.admittance import Admittance, token_ends
from server.live.following import RefusedSubscription, Subscriber
from server.live.operations import Operations, refused_by
from server.live.streams import Streams
from server.live.watching import Watch
from server.logs.request_log import note_stream

CONTENT_TYPE = "text/event-stream"

SILENCE_SECONDS = 12.0
"""So long after the last event a comment is sent, which shows both sides that the other is there."""

STREAMING = "is_stream"
"""In the state of a request: its response goes on for as long as the client likes (see
`server.edge.http_protocol`)."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"vary", b"accept"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]
_COMPLETE = b"event: complete\ndata:\n\n"
_COMMENT = b":\n\n"


class EventStreams:
    """Opens event streams."""

    def __init__(self, operations: Operations, admittance: Admittance, streams: Streams) -> None:
        self._operations = operations
        self._admittance = admittance
        self._streams = streams

    async def open(self, request: GraphQLRequest, head: RequestHead) -> "EventStream":
        """A response that runs the operation. Raises Unauthenticated, RateLimited and Busy, and
        RefusedRequestError in a process that stops."""
        authorization, address = head.authorization, head.client_address
        credentials = await self._admittance.admitted(authorization, address)
        stopping = asyncio.Event()
        with ExitStack() as held:
            held.enter_context(self._streams.held(stopping.set))
            token = held.enter_context(self._admittance.held(credentials, address))
            return EventStream(self._operations, request, head, credentials, token, stopping, held.pop_all())


class EventStream:
    """An ASGI application that answers one request. `held`: what it holds until its end."""

    def __init__(
        self,
        operations: Operations,
        request: GraphQLRequest,
        head: RequestHead,
        credentials: Credentials,
        token: Watch,
        stopping: asyncio.Event,
        held: ExitStack,
    ) -> None:
        self._operations = operations
        self._request = request
        self._head = head
        self._credentials = credentials
        self._token = token
        self._stopping = stopping
        self._held = held
        self._writing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[STREAMING] = True
        note_stream()
        self._send = send
        with self._held:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            running = asyncio.create_task(self._run())
            ends = [
                running,
                asyncio.create_task(_left(receive)),
                asyncio.create_task(self._stopping.wait()),
                asyncio.create_task(self._comment()),
            ]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
                await asyncio.gather(*ends, return_exceptions=True)
            await self._write(_COMPLETE)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self) -> None:
        authorization = self._head.authorization
        if authorization is None:
            raise AssertionError("who has no token is not admitted")
        subscriber = Subscriber(
            authorization, self._credentials, self._head.client_address, asyncio.Lock(), self._deliver
        )
        ended = asyncio.create_task(token_ends(self._token))
        operation = asyncio.create_task(self._operations.answer(self._request, subscriber))
        try:
            await asyncio.wait({ended, operation}, return_when=asyncio.FIRST_COMPLETED)
            if operation.done():
                await operation
            else:
                await self._deliver(refused_by(Unauthenticated().failure).body)
        except RefusedSubscription as refused:
            await self._deliver(refused.body)
        except Unauthenticated as refused:
            await self._deliver(refused_by(refused.failure).body)
        finally:
            ended.cancel()
            operation.cancel()
            await asyncio.gather(ended, operation, return_exceptions=True)

    async def _deliver(self, body: bytes) -> None:
        await self._write(b"event: next\ndata: %b\n\n" % body)

    async def _comment(self) -> None:
        while True:
            await asyncio.sleep(SILENCE_SECONDS)
            await self._write(_COMMENT)

    async def _write(self, text: bytes) -> None:
        async with self._writing:
            await self._send({"type": "http.response.body", "body": text, "more_body": True})


async def _left(receive: Receive) -> None:
    """Until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
