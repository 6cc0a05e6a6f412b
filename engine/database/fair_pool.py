"""SQLAlchemy's pool, which gives a free connection to the caller that waits longest.

SQLAlchemy's own queue only wakes that caller. If another caller asks before the woken one runs, it takes the
connection, and the woken one waits again, behind everybody. So callers that ask often keep the others waiting
until these time out.
"""

import asyncio
from collections import deque
from typing import TypeVar

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import memoized_property
from sqlalchemy.util.queue import AsyncAdaptedQueue

T = TypeVar("T")


class _InOrder(asyncio.Queue[T]):
    """Hands an item directly to the caller that waits longest."""

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
        """The next item, after all callers that wait already."""
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
