"""Connections for compiled reads: asyncpg's, with their prepared statements, last in first out.

A read is one statement that changes nothing, neither in the database nor on the connection. So nothing has to
be reset after a read, and a read whose connection was lost can be sent again.

A statement is prepared only when it comes again, because a statement that comes once would only take memory
of the database. A statement goes to a connection that has it prepared, or else to one with room for it. So
the connections together hold many statements.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from engine.database.reachability import Reachability
from engine.database.read_connection import GIVEN_UP, ReadConnection

_SEEN = 10_000
"""How many statements are remembered, by their hashes, as having come before."""

_TURN = 0.5
"""Seconds between two looks at the connections that are at work."""
_LONGEST_TURNS = 12
"""A read may last so many looks, which take 5.5 to 6 seconds. A working server ends a statement earlier than
that, so the pool gives up only reads of a silent server."""


class PoolTimeoutError(TimeoutError):
    """All connections were busy for too long."""


class ReadTimeoutError(TimeoutError):
    """The server was silent for too long."""


Connect = Callable[[], Awaitable[ReadConnection]]


class Pool:
    """At most `size` connections, opened when they are needed. `patience`: seconds to wait for a free one.
    `server`: what they are connected to, if it is known whether that answers. `waited` is told of each wait
    for a free one, in seconds.

    One timer looks at all connections and gives up reads that last too long: a timer for each read would
    take a percent of the process's time.
    """

    def __init__(
        self,
        connect: Connect,
        size: int,
        patience: float = 2.0,
        server: Reachability | None = None,
        waited: Callable[[float], None] | None = None,
    ) -> None:
        self.server = server
        self._connect = connect
        self.size = size
        self._patience = patience
        self._waited = waited
        self._opened = 0
        self._free: list[ReadConnection] = []
        self._waiting: deque[asyncio.Future[ReadConnection | None]] = deque()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._all: set[ReadConnection] = set()
        self._looks = 0
        self._next_look: asyncio.TimerHandle | None = None

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """The statement's only value; None for no row. Raises what `row` raises."""
        found = await self.row(sql, values)
        return None if found is None else found[0]

    async def row(self, sql: str, values: Sequence[Any]) -> asyncpg.Record | None:
        """The statement's only row, if there is one.

        Raises PoolTimeoutError, ReadTimeoutError and what asyncpg raises.
        """
        again = True
        connection = self._free_with(sql)
        if connection is None:
            again = self.comes_again(sql)
            connection = await self._acquire(sql, again=again)
        connection.taken_at = self._looks
        try:
            return await connection.row(sql, values, keep=again)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            if connection.taken_at == GIVEN_UP:
                raise ReadTimeoutError from None
            if not connection.is_closed():
                raise
        except asyncpg.InternalClientError:
            connection.terminate()  # the server has said that it goes, but has not gone yet
        except asyncio.CancelledError:
            connection.terminate()
            raise
        finally:
            self._release(connection)
        return await self._row_anew(sql, values, again=again)

    async def close(self) -> None:
        """Close the free connections; those at work are closed when they come back. Look for no server."""
        self.size = 0
        if self.server is not None:
            await self.server.close()
        if self._next_look is not None:
            self._next_look.cancel()
        while self._free:
            self._opened -= 1
            await self._free.pop().close()

    def _free_with(self, sql: str) -> ReadConnection | None:
        """A free connection that has the statement prepared."""
        free = self._free
        if free and sql in free[-1].prepared:
            return free.pop()
        for place in range(len(free) - 2, -1, -1):
            if sql in free[place].prepared:
                return free.pop(place)
        return None

    def comes_again(self, sql: str) -> bool:
        """Whether the statement was sent lately; from now on it was."""
        known = hash(sql)
        again = known in self._seen
        self._seen[known] = None
        self._seen.move_to_end(known)
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return again

    async def _row_anew(self, sql: str, values: Sequence[Any], *, again: bool) -> asyncpg.Record | None:
        """Once more, on a new connection: a server that was restarted has broken all the others too."""
        self._forget_free()
        connection = await self._acquire(sql, again=again)
        connection.taken_at = self._looks
        try:
            return await connection.row(sql, values, keep=again)
        finally:
            self._release(connection)

    async def _acquire(self, sql: str, *, again: bool) -> ReadConnection:
        free = self._free_for(sql, again=again)
        if free is not None:
            return free
        if self._opened < self.size:
            self._opened += 1
            return await self._open()
        given = await self._wait()
        return await self._open() if given is None else given

    def _free_for(self, sql: str, *, again: bool) -> ReadConnection | None:
        """The free connection that loses least of what it has prepared; None where another can be opened that
        loses nothing."""

        def excess(connection: ReadConnection) -> int:
            return max(0, connection.memory.excess_with(len(sql), kept=again))

        best = min(reversed(self._free), key=excess, default=None)
        if best is None or (self._opened < self.size and excess(best)):
            return None
        self._free.remove(best)
        return best

    async def _open(self) -> ReadConnection:
        """A connection for a place that is counted already."""
        try:
            connection = await self._connect()
        except BaseException:
            self._give(None)
            raise
        self._all.add(connection)
        if self._next_look is None:
            self._look_later()
        return connection

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(_TURN, self._look)

    def _look(self) -> None:
        """Give up what has been at work for too long; free connections lead to the same silent server."""
        self._looks += 1
        self._all = {connection for connection in self._all if not connection.is_closed()}
        silent = [
            connection
            for connection in self._all.difference(self._free)
            if self._looks - connection.taken_at >= _LONGEST_TURNS
        ]
        for connection in silent:
            connection.taken_at = GIVEN_UP
            connection.give_up()
        if silent:
            self._forget_free()
        if self._all:
            self._look_later()
        else:
            self._next_look = None

    async def _wait(self) -> ReadConnection | None:
        """What `_give` gives."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[ReadConnection | None] = loop.create_future()
        self._waiting.append(turn)
        # Lighter than asyncio.timeout, which under load would be run by most reads.
        alarm = loop.call_later(self._patience, _tell_late, turn)
        began = loop.time()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())
            raise
        finally:
            alarm.cancel()
            if self._waited is not None:
                self._waited(loop.time() - began)

    def _pass_on(self, given: ReadConnection | None) -> None:
        if given is None:
            self._give(None)
        else:
            self._release(given)

    def _release(self, connection: ReadConnection) -> None:
        if self._opened > self.size:
            self._opened -= 1
            connection.terminate()
            return
        if connection.memory.spent:
            connection.terminate()
        self._give(None if connection.is_closed() else connection)

    def _give(self, connection: ReadConnection | None) -> None:
        """Give a connection, or room for one, to the caller that waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                if connection is not None:
                    connection.taken_at = self._looks
                turn.set_result(connection)
                return
        if connection is None:
            self._opened -= 1
        else:
            self._free.append(connection)

    def _forget_free(self) -> None:
        while self._free:
            self._opened -= 1
            self._free.pop().terminate()


def _tell_late(turn: "asyncio.Future[ReadConnection | None]") -> None:
    if not turn.done():
        turn.set_exception(PoolTimeoutError())
