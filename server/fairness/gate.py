"""A gate that admits a number of requests at once, and of one caller no more than its share.

A request without a place waits. Waiting callers take turns, each with its oldest request first. So a caller
with many requests waits for its own, and does not delay others.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import NamedTuple

from authz.policy.refusals import Busy, RateLimited


class Side(IntEnum):
    """What a request is counted against. Of integers, as these are hashed without a line of Python."""

    PRINCIPAL = 0
    TREE = 1
    PLACE = 2
    """A network address, or a network."""


Caller = tuple[tuple[Side, Hashable], ...]
"""The caller: at most one entry of each side. Turns are taken by the first entry."""


class Share(NamedTuple):
    """At most so many of one principal, of one tree and of one place; in the order of `Side`."""

    principal: int
    tree: int
    place: int


class _Waiter(NamedTuple):
    caller: Caller
    turn: "asyncio.Future[None]"


class FairGate:
    """`places`: how many are inside at once; `inside` and `waiting`: how many of one caller; `inside` None:
    as many as there are places. `patience`: the most seconds that somebody waits."""

    def __init__(self, places: int, inside: Share | None, waiting: Share, patience: float) -> None:
        self._free = places
        self._inside = None if inside is None else _Counts(inside)
        self._waiting = _Counts(waiting)
        self._patience = patience
        self._queues: OrderedDict[Hashable, deque[_Waiter]] = OrderedDict()

    @asynccontextmanager
    async def place(self, caller: Caller) -> AsyncIterator[None]:
        """A place for as long as what is inside runs. Raises what `enter` raises."""
        await self.enter(caller)
        try:
            yield
        finally:
            self.leave(caller)

    async def enter(self, caller: Caller) -> None:
        """Take a place, which `leave` gives back. Raises what `wait` raises."""
        if not self.enter_at_once(caller):
            await self.wait(caller)

    def enter_at_once(self, caller: Caller) -> bool:
        """Take a place if there is one now. It costs most requests half a microsecond, and a coroutine more
        than that."""
        if not self._free:
            return False
        if self._inside is not None:
            if not self._inside.have_room(caller):
                return False
            self._inside.add(caller)
        self._free -= 1
        return True

    async def wait(self, caller: Caller) -> None:
        """Take a place in the caller's turn. Raises RateLimited where too many of the caller wait already,
        and Busy where nobody makes place in time."""
        if not self._waiting.have_room(caller):
            raise RateLimited(1, "Too many requests at once")
        await self._wait(caller)

    def leave(self, caller: Caller) -> None:
        """Give the place to the next request."""
        self._free += 1
        if self._inside is not None:
            self._inside.remove(caller)
        while self._queues and self._free and self._let_one_in():
            pass

    async def _wait(self, caller: Caller) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._queues.setdefault(caller[0], deque()).append(_Waiter(caller, turn))
        self._waiting.add(caller)
        alarm = loop.call_later(self._patience, _tell_late, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(caller)  # the place came as the request was given up
            raise
        finally:
            alarm.cancel()
            self._waiting.remove(caller)

    def _let_one_in(self) -> bool:
        """The oldest request that may enter, of the caller whose last turn is longest ago."""
        for key, queue in list(self._queues.items()):
            while queue and queue[0].turn.done():
                queue.popleft()  # the request was cancelled or timed out
            if not queue:
                del self._queues[key]
                continue
            # One for a tree that is full does not delay those behind it for others.
            waiters = (each for each in queue if not each.turn.done())
            chosen = next((each for each in waiters if self.enter_at_once(each.caller)), None)
            if chosen is not None:
                self._queues.move_to_end(key)
                queue.remove(chosen)
                chosen.turn.set_result(None)
                return True
        return False


class Place:
    """The place of one request, which it may give back before its end."""

    def __init__(self, gate: FairGate, caller: Caller) -> None:
        self._gate = gate
        self._caller = caller
        self._is_taken = True

    def give_back(self) -> None:
        """The request needs the place no more."""
        if self._is_taken:
            self._is_taken = False
            self._gate.leave(self._caller)


class _Counts:
    """How many there are of each side, and how many there may be."""

    def __init__(self, most: Share) -> None:
        self._most = most
        self._counts: dict[tuple[Side, Hashable], int] = {}

    def have_room(self, caller: Caller) -> bool:
        return all(self._counts.get(one, 0) < self._most[one[0]] for one in caller)

    def add(self, caller: Caller) -> None:
        for one in caller:
            self._counts[one] = self._counts.get(one, 0) + 1

    def remove(self, caller: Caller) -> None:
        for one in caller:
            self._counts[one] -= 1
            if not self._counts[one]:
                del self._counts[one]


def _tell_late(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(Busy("The server is busy"))
