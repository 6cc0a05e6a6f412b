"""SQLAlchemy's pool, which gives a free connection to who waits longest.

Its own queue wakes that one up; but whoever asks in between takes the connection, and the other waits anew,
behind everybody: who keeps asking keeps getting, while the rest runs into the time-out.
"""

import asyncio
from collections import deque
from typing import TypeVar

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import memoized_property
from sqlalchemy.util.queue import AsyncAdaptedQueue

T = TypeVar("T")


class _InOrder(asyncio.Queue[T]):
    """Hands an item to whoever waits longest, so that nobody else finds it."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._turns: deque[asyncio.Future[T]] = deque()

    def put_nowait(self, item: T) -> None:
        """Raises QueueFull."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(item)
                return
        super().put_nowait(item)

    async def get(self) -> T:
        """The next item, behind whoever waits already."""
        if not self.empty():
            return self.get_nowait()
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.put_nowait(turn.result())
            raise


class _AdaptedInOrder(AsyncAdaptedQueue[ConnectionPoolEntry]):
    @memoized_property
    def _queue(self) -> asyncio.Queue[ConnectionPoolEntry]:
        return _InOrder(self.maxsize)


class FairPool(AsyncAdaptedQueuePool):
    """For `create_async_engine`."""

    _queue_class = _AdaptedInOrder
