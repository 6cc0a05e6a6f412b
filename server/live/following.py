"""One subscription: what it is told, and when."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode

from authz.callers.principals import Credentials
from server.failures.errors import ErrorCode, Unauthenticated
from server.graphql.endpoint import RunOperation
from server.graphql.response import result_response
from server.http.media_types import MediaType
from server.http.request import GraphQLRequest
from server.live.counting import code_of, counted, counted_if_refused, note_name
from server.live.translation import Answer, LiveQuery, translated
from server.live.watching import Thing, Watch, Watching

PAUSE = 1.0
"""Seconds between two deliveries of what is told as it is now, and after one that failed."""

T = TypeVar("T")

_TRANSIENT = frozenset({ErrorCode.BUSY, ErrorCode.UNAVAILABLE, "RATE_LIMITED"})


@dataclass(frozen=True)
class Subscriber:
    """Who subscribes. `authorization`: as the header has it; `turn`: held while an answer is made and taken,
    so that a client which takes none has one made for it at most; `deliver`: hands over the text of an
    execution result, and waits until it can take another."""

    authorization: str
    credentials: Credentials
    client_address: str
    turn: asyncio.Lock
    deliver: Callable[[bytes], Awaitable[None]]


class RefusedSubscription(Exception):
    """It cannot begin, or go on. `body`: the text of an execution result without data."""

    def __init__(self, body: bytes) -> None:
        super().__init__("refused")
        self.body = body


class ClientGone(Exception):
    """Nobody is there to be told anything."""


class Following:
    """Runs subscriptions."""

    def __init__(self, schema: GraphQLSchema, run: RunOperation, watching: Watching) -> None:
        self._schema = schema
        self._run = run
        self._watching = watching

    async def follow(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        subscriber: Subscriber,
    ) -> None:
        """Deliver until what is watched is over.

        Raises RefusedSubscription, Unauthenticated, and for the first answer whatever else reading raises.
        """
        with ExitStack() as watching:
            with counted_if_refused():
                note_name(operation)
                query = translated(self._schema, document, operation, request)
                root = query.root
                thing = Thing(subscriber.credentials, root.watched, query.subject, query.with_descendants)
                watch = watching.enter_context(self._watching.watch(thing))
                # Before it is read: else the first look would find a change, and the same be read again.
                await self._watching.look_at(watch)
            cursor = query.after
            if root.is_list and cursor is None:
                cursor = watch.mark or None  # of the last event so far, if there is one
            await _Run(self._run, query, operation, watch, subscriber, cursor).to_the_end()


class _Run:
    """`cursor`: what the next page begins after."""

    def __init__(
        self,
        run: RunOperation,
        query: LiveQuery,
        operation: OperationDefinitionNode,
        watch: Watch,
        subscriber: Subscriber,
        cursor: str | None,
    ) -> None:
        self._run = run
        self._query = query
        self._operation = operation
        self._watch = watch
        self._subscriber = subscriber
        self._cursor = cursor
        self._delivered: object = None

    async def to_the_end(self) -> None:
        """See `Following.follow`."""
        is_over = await self._tell()
        while not is_over:
            await self._watch.changed.wait()
            try:
                is_over = await self._tell()
            except (Unauthenticated, ClientGone):
                raise
            except Exception as error:  # the database is away, or too much is asked: later it may be told
                if not _passes(error):
                    raise
                self._watch.changed.set()
                await asyncio.sleep(PAUSE)

    async def _tell(self) -> bool:
        """Deliver what there is to be told. Returns whether nothing more will be."""
        began = monotonic()
        self._watch.changed.clear()
        self._watch.lost.clear()
        is_more = True
        while is_more:
            async with self._subscriber.turn:
                with counted(self._operation):
                    answer = await self._read()
                    body = body_of(answer.result)
                is_over, is_more = await self._deliver(answer, body)
        if not (is_over or self._query.root.is_list):
            await self._pause(began + PAUSE - monotonic())
        return is_over

    async def _pause(self, seconds: float) -> None:
        """Tell nothing for so long, unless there is nothing more to be told."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._watch.lost.wait()

    async def _read(self) -> Answer:
        """The field's value. Raises RefusedSubscription where there is none."""
        subscriber, query = self._subscriber, self._query
        asked = query.asked(self._cursor)
        found = await uninterrupted(
            self._run(asked, query.document, subscriber.authorization, subscriber.client_address)
        )
        answer = query.taken(found)
        if answer.value is None:
            raise RefusedSubscription(body_of(answer.result))
        return answer

    async def _deliver(self, answer: Answer, body: bytes) -> tuple[bool, bool]:
        """Whether it is over, and whether there is another page already."""
        if self._query.root.is_list:
            end = answer.told["endCursor"]
            if end is not None:
                await self._subscriber.deliver(body)
                self._cursor = end
            return False, end is not None and bool(answer.told["hasNextPage"])
        # Apart from what it cost and what is left of the budget, which differ each time.
        told = answer.result.data, [error.formatted for error in answer.result.errors or ()]
        if told != self._delivered:
            await self._subscriber.deliver(body)
            self._delivered = told
        is_over = self._query.root.ends and answer.told is not None
        return is_over, False


def _passes(error: Exception) -> bool:
    """Whether the same may be answered later."""
    return code_of(error) in _TRANSIENT


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns. Whoever is cancelled meanwhile waits for its end: a read that is broken off
    costs the database a connection."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def body_of(result: ExecutionResult | bytes) -> bytes:
    """The text of an execution result."""
    return bytes(result_response(result, MediaType.JSON, (), anonymous=False).body)
