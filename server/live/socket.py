"""Operations over a websocket, by the protocol graphql-transport-ws and no other.

One task reads what the client sends, and each operation is a task of its own. Answers are made one after the
other, each when the client has taken the one before: so a client that reads nothing costs the memory of one
answer, until its connection is ended (see `server.edge.socket_protocol`).
"""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import partial
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.types import Receive, Scope, Send

from authz.callers.principals import Credentials
from authz.policy.refusals import RateLimited, Refusal, TryLater
from server.failures.errors import (
    RefusedRequestError,
    Unauthenticated,
    record_failure,
    refusal_failure,
)
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.request import GraphQLRequest
from server.live.admittance import Admittance, place, token_ends
from server.live.counting import count_refused
from server.live.following import ClientGone, RefusedSubscription, Subscriber, body_of
from server.live.messages import (
    PROTOCOL,
    CloseCode,
    Closed,
    Complete,
    Init,
    Message,
    Ping,
    Pong,
    Subscribe,
    read,
)
from server.live.operations import Operations, refused_by
from server.live.streams import Streams
from server.live.watching import Watch

INIT_SECONDS = 5.0
"""How long a client may take to say who it is."""

MOST_OPERATIONS = 50
"""Of one socket at once."""

_MOST_TASKS = 2 * MOST_OPERATIONS
"""With those that the client has ended, and that wait for the end of a read."""

_LONGEST_REASON = 123
"""Bytes, of a close frame."""

_ENDED = "The token is not valid any more."


class LiveSocket:
    """An ASGI application for websockets."""

    def __init__(self, operations: Operations, admittance: Admittance, streams: Streams) -> None:
        self._operations = operations
        self._admittance = admittance
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # `websocket.connect`
        client = scope["client"]
        address = client[0] if client else ""
        with ExitStack() as places, ExitStack() as nameless:
            connection = _Connection(self._operations, self._admittance, address, nameless, receive, send)
            try:
                places.enter_context(self._streams.held(connection.go_away))
                nameless.enter_context(self._streams.nameless(place(address), connection.give_way))
            except (TryLater, RefusedRequestError) as refused:
                failure = refusal_failure(refused) if isinstance(refused, Refusal) else refused.failure
                await failure_response(failure, MediaType.JSON)(scope, receive, send)
                return
            await connection.serve(scope["subprotocols"])


class _Connection:
    """One socket. `nameless`: what it holds until its client has said who it is."""

    def __init__(
        self,
        operations: Operations,
        admittance: Admittance,
        address: str,
        nameless: ExitStack,
        receive: Receive,
        send: Send,
    ) -> None:
        self._operations = operations
        self._admittance = admittance
        self._address = address
        self._nameless = nameless
        self._receive = receive
        self._send = send
        self._ending: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._init: Init | None = None
        self._credentials: Credentials | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_MOST_TASKS)
        self._turn = asyncio.Lock()
        self._held = ExitStack()

    def go_away(self) -> None:
        """The process stops."""
        self._end(Closed(CloseCode.GOING_AWAY, "The server is stopping."))

    def give_way(self) -> bool:
        """Another socket needs the place of one whose client says nothing. False: it has said who it is."""
        if self._init is None:
            self._end_without_init()
        return self._init is None

    async def serve(self, subprotocols: list[str]) -> None:
        """Serve until one of both closes the socket."""
        if PROTOCOL not in subprotocols:
            await self._send({"type": "websocket.accept"})
            await self._close(Closed(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, f"The server speaks {PROTOCOL}."))
            return
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        alarm = asyncio.get_running_loop().call_later(INIT_SECONDS, self._end_without_init)
        reading = asyncio.create_task(self._read())
        try:
            ends: set[asyncio.Future[Any]] = {reading, self._ending}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            closed = self._ending.result() if self._ending.done() else reading.result()
            if closed is not None:
                await self._close(closed)
        finally:
            alarm.cancel()
            tasks = {reading, *self._tasks}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._held.close()

    async def _close(self, closed: Closed) -> None:
        reason = closed.reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        await self._send({"type": "websocket.close", "code": int(closed.code), "reason": reason})

    def _end(self, closed: Closed) -> None:
        if not self._ending.done():
            self._ending.set_result(closed)

    def _end_without_init(self) -> None:
        if self._init is None:
            self._end(Closed(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout"))

    async def _read(self) -> Closed | None:
        """Read what the client sends. Returns why to close; None: the client has closed it."""
        try:
            while (event := await self._receive())["type"] == "websocket.receive":
                text = event.get("text")
                if text is None:
                    return Closed(CloseCode.BAD_REQUEST, "Messages are JSON texts.")
                await self._handle(read(text))
        except Closed as closed:
            return closed
        except ClientGone:
            return None
        return None

    async def _handle(self, message: Message) -> None:
        match message:
            case Init():
                await self._acknowledge(message)
            case Ping():
                await self._tell({"type": "pong"})
            case Pong():
                pass
            case Subscribe():
                await self._begin(message)
            case Complete():
                task = self._running.pop(message.id, None)
                if task is not None:
                    task.cancel()

    async def _acknowledge(self, init: Init) -> None:
        if self._init is not None:
            code = CloseCode.TOO_MANY_INITIALISATION_REQUESTS
            raise Closed(code, "Too many initialisation requests")
        self._init = init
        try:
            credentials = await self._admittance.admitted(init.authorization, self._address)
            token = self._held.enter_context(self._admittance.held(credentials, self._address))
        except Unauthenticated as refused:
            raise Closed(CloseCode.UNAUTHORIZED, refused.failure.message) from refused
        except TryLater as refusal:
            raise Closed(CloseCode.TRY_AGAIN_LATER, refusal.message) from refusal
        except Exception as error:
            raise Closed(CloseCode.TRY_AGAIN_LATER, record_failure(error).message) from error
        self._nameless.close()
        self._credentials = credentials
        self._start(self._close_when_it_ends(token))
        await self._tell({"type": "connection_ack"})

    async def _begin(self, message: Subscribe) -> None:
        init, credentials = self._init, self._credentials
        if init is None or init.authorization is None or credentials is None:
            raise Closed(CloseCode.UNAUTHORIZED, "Unauthorized")
        if message.id in self._running:
            reason = f"Subscriber for {message.id} already exists"
            raise Closed(CloseCode.SUBSCRIBER_ALREADY_EXISTS, reason)
        if isinstance(message.request, GraphQLError):
            count_refused(message.request)
            await self._tell_errors(message.id, body_of(ExecutionResult(None, [message.request])))
            return
        if len(self._running) >= MOST_OPERATIONS:
            refusal = RateLimited(1, f"There are {MOST_OPERATIONS} operations on this socket already")
            count_refused(refusal)
            await self._tell_errors(message.id, refused_by(refusal_failure(refusal)).body)
            return
        subscriber = Subscriber(
            init.authorization, credentials, self._address, self._turn, partial(self._deliver, message.id)
        )
        # Operations that the client has ended may still wait for a read: then nothing more is read from it.
        await self._room.acquire()
        task = self._start(self._operate(message.id, message.request, subscriber))
        self._running[message.id] = task
        task.add_done_callback(lambda _: self._room.release())

    async def _operate(self, id_: str, request: GraphQLRequest, subscriber: Subscriber) -> None:
        try:
            await self._operations.answer(request, subscriber)
        except RefusedSubscription as refused:
            del self._running[id_]
            await self._tell_errors(id_, refused.body)
        except Unauthenticated:
            self._end(Closed(CloseCode.UNAUTHORIZED, _ENDED))
        else:
            # Before it is told: the client may use the id again.
            del self._running[id_]
            await self._tell({"type": "complete", "id": id_})

    async def _close_when_it_ends(self, token: Watch) -> None:
        await token_ends(token)
        self._end(Closed(CloseCode.UNAUTHORIZED, _ENDED))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # What goes wrong with an operation was told as its error.
        if isinstance(error, Exception) and not isinstance(error, ClientGone):
            self._end(Closed(CloseCode.INTERNAL_ERROR, record_failure(error).message))

    async def _deliver(self, id_: str, body: bytes) -> None:
        await self._send_text(b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(id_), body))

    async def _tell_errors(self, id_: str, body: bytes) -> None:
        await self._tell({"id": id_, "type": "error", "payload": orjson.loads(body)["errors"]})

    async def _tell(self, message: dict[str, object]) -> None:
        await self._send_text(orjson.dumps(message))

    async def _send_text(self, text: bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "text": text.decode()})
        except OSError as error:
            raise ClientGone from error
