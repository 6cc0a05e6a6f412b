"""How much of the process and of its connections one caller may have at once.

Work that takes more than a moment of the processor goes to a thread beside the event loop, one piece at a
time. Statements that take long hold only a share of the connections. Callers that wait take turns.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import TypeVar

from server.fairness.gate import Caller, FairGate, Place, Share
from server.fairness.side_threads import side_thread

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds: as long as the database works on a statement at most."""

_ALL = 10_000
"""More than a process has requests."""

_WAITING = Share(principal=64, tree=128, place=256)
_WAITING_TO_READ = Share(principal=256, tree=384, place=512)
"""More than browsers and integrations send at once; all together are less than a process has connections."""


class Admission:
    """`reads`: the connections that compiled reads have."""

    def __init__(self, reads: int) -> None:
        self._thread = side_thread("beside")
        self._beside = FairGate(1, Share(1, 1, 1), _WAITING, _PATIENCE)
        self._first = FairGate(max(1, reads // 4), Share(1, 1, 1), _WAITING, _PATIENCE)
        self._slow = FairGate(max(1, reads // 2), _share_of(max(1, reads // 2)), _WAITING, _PATIENCE)
        self._operations = FairGate(_ALL, Share(max(1, reads // 2), reads, 8 * reads), _WAITING, _PATIENCE)
        self.reads = FairGate(reads, None, _WAITING_TO_READ, _PATIENCE)
        """For statements that take a moment."""

    async def beside(self, caller: Caller, work: Callable[[], T]) -> T:
        """What the work gives, done in the thread beside the event loop, once the caller's turn has come.

        It sees the context of the request, so that what it logs has the request's id. Raises RateLimited and
        Busy, and what the work raises.
        """
        context = copy_context()
        async with self._beside.place(caller):
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: context.run(work))

    @asynccontextmanager
    async def operation(self, caller: Caller) -> AsyncIterator[Place]:
        """For a mutation, or a query that is not compiled: it takes connections for as long as it likes, and
        may wait for others without one. So callers are bounded, and not the whole. Raises RateLimited and
        Busy."""
        await self._operations.enter(caller)
        place = Place(self._operations, caller)
        try:
            yield place
        finally:
            place.give_back()

    @asynccontextmanager
    async def first_read(self, caller: Caller) -> AsyncIterator[None]:
        """For a statement that was never run: the database has to plan it. Raises RateLimited and Busy."""
        async with self._first.place(caller), self.reads.place(caller):
            yield

    @asynccontextmanager
    async def slow_read(self, caller: Caller) -> AsyncIterator[None]:
        """For a statement that takes long. Raises RateLimited and Busy."""
        async with self._slow.place(caller), self.reads.place(caller):
            yield

    def close(self) -> None:
        """Take no more work beside the loop."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _share_of(places: int) -> Share:
    """One principal has half of them, and one network address leaves one for others."""
    return Share(max(1, places // 2), max(1, places * 3 // 4), max(1, places - 1))
