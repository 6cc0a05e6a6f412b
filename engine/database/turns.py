"""Turns: how many transactions are at work on one thing at a time, such as one tree.

Transactions that lock the same rows wait for each other, each with a connection. So that they do not take all
connections of the process, only some of them are let in at once; the others wait here, in their order and
without a connection.
"""

import asyncio
from collections import deque
from collections.abc import Hashable

MOST_WAITING = 100
"""For one thing. More are refused at once."""

PATIENCE = 5.0
"""Seconds that a transaction waits for its turn."""

_A_SECOND = 20
"""About so many turns of one thing end in a second if all of them lock the same row."""


class WaitedTooLong(Exception):
    """No turn came in time, or too many wait for one. `retry_after`: the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Turns:
    """Of one process, which has so many connections.

    If transactions work on one thing only, it gets a third of the connections. If they work on several
    things, each thing gets at most half of the connections that stay free, and at least one. So other
    transactions find a connection, however many wait for one lock.
    """

    def __init__(self, connections: int) -> None:
        self._free = connections
        self._at_work: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def take(self, thing: Hashable) -> bool:
        """A turn, if there is one now and nobody waits for it. It has to be given back."""
        if thing in self._waiting or not self._may_begin(thing):
            return False
        self._begin(thing)
        return True

    async def wait(self, thing: Hashable) -> None:
        """A turn, behind those who wait already. It has to be given back. Raises WaitedTooLong."""
        if self.take(thing):
            return
        queue = self._waiting.setdefault(thing, deque())
        if len(queue) >= MOST_WAITING:
            raise WaitedTooLong(_retry_after(queue))
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give_back(thing)
            else:
                self._leave(thing, turn)
            if isinstance(error, TimeoutError):
                raise WaitedTooLong(_retry_after(queue)) from error
            raise

    def give_back(self, thing: Hashable) -> None:
        """The turn has ended: let in the next one, and others if more connections are free."""
        self._free += 1
        self._at_work[thing] -= 1
        if not self._at_work[thing]:
            del self._at_work[thing]
        for waited_for in list(self._waiting):
            self._let_in(waited_for)

    def _may_begin(self, thing: Hashable) -> bool:
        at_work = self._at_work.get(thing, 0)
        return not at_work or (at_work + 1) * 2 <= self._free - 1

    def _begin(self, thing: Hashable) -> None:
        self._free -= 1
        self._at_work[thing] = self._at_work.get(thing, 0) + 1

    def _let_in(self, thing: Hashable) -> None:
        queue = self._waiting[thing]
        while queue and self._may_begin(thing):
            turn = queue.popleft()
            if not turn.done():
                self._begin(thing)
                turn.set_result(None)
        if not queue:
            del self._waiting[thing]

    def _leave(self, thing: Hashable, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(thing)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[thing]


def _retry_after(queue: deque[asyncio.Future[None]]) -> int:
    return 1 + len(queue) // _A_SECOND


class TurnAwaited(Exception):
    """Raised through a transaction that has to wait: it is rolled back, and begins again in its turn."""


class Turn:
    """The turn of one piece of work, for the first thing that it asks one for; as long as the work takes."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._thing: Hashable = None
        self._taken = False

    def take(self, thing: Hashable) -> None:
        """Go on if this thing's turn has come, or if the work has a turn already. Work that has one turn
        never waits for another, because that could be a deadlock. Raises TurnAwaited."""
        if self._taken:
            return
        self._thing = thing
        self._taken = self._turns.take(thing)
        if not self._taken:
            raise TurnAwaited

    async def wait(self) -> None:
        """Wait for the turn that could not be taken. Raises WaitedTooLong."""
        await self._turns.wait(self._thing)
        self._taken = True

    def give_back(self) -> None:
        """The work is done, or given up."""
        if self._taken:
            self._taken = False
            self._turns.give_back(self._thing)
