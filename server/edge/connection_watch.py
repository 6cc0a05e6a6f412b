"""Watches the connections that the server waits for, with one timer for all of a process.

A connection whose requests arrive whole, in a packet or two, is never watched.
"""

import asyncio
from typing import Protocol

from server.edge.connection_limits import ConnectionLimits, Patience

SWEEP_SECONDS = 0.5


class Watched(Protocol):
    """A connection."""

    is_watched: bool
    """Whether the server waits for a head or a body. The watch sets it."""

    def is_held(self) -> bool:
        """Whether the server itself has stopped reading."""

    def taken(self) -> int:
        """How many bytes of its responses the client has read."""

    def idle_since(self) -> float | None:
        """Since when the connection has been idle. None while there is a request."""

    def time_out(self) -> None:
        """End the connection: the client took too long."""

    def give_way(self) -> None:
        """End the connection: another one needs its place."""


class ConnectionWatch:
    """The watch of one server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits) -> None:
        self._loop = loop
        self._limits = limits
        self._connections: set[Watched] = set()
        # In the order in which they are ended when others need their places.
        self._heads: dict[Watched, Patience] = {}
        self._bodies: dict[Watched, Patience] = {}
        self._answers: dict[Watched, Patience] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._swept = 0.0

    @property
    def is_crowded(self) -> bool:
        """Whether there are more connections than are allowed, because none of them could be ended."""
        return len(self._connections) > self._limits.connections

    def add(self, connection: Watched) -> None:
        """A new connection: the server waits for a head."""
        self._connections.add(connection)
        if self.is_crowded:
            self._make_room()
        self.await_head(connection)

    def remove(self, connection: Watched) -> None:
        """The connection has ended."""
        self._connections.discard(connection)
        self.forget(connection)
        self._answers.pop(connection, None)

    def await_head(self, connection: Watched) -> None:
        """The server waits for a head, or for its rest."""
        connection.is_watched = True
        if connection not in self._heads:
            self._wait(self._heads, connection, self._limits.head_seconds)

    def await_body(self, connection: Watched, received: int) -> None:
        """The server waits for the rest of a body. `received`: the bytes so far."""
        patience = self._bodies.pop(connection, None)
        if patience is None:
            self._heads.pop(connection, None)
            connection.is_watched = True
            self._wait(self._bodies, connection, self._limits.silence_seconds)
        else:
            patience.moved(self._loop.time(), received)
            # Behind those that were silent for longer.
            self._bodies[connection] = patience

    def await_end(self, connection: Watched) -> None:
        """The server reads and drops what comes, until the client has read its response."""
        self._bodies.pop(connection, None)
        if connection not in self._heads:
            connection.is_watched = True
            self._wait(self._heads, connection, self._limits.linger_seconds)

    def await_taking(self, connection: Watched) -> None:
        """The server waits until the client has read a response."""
        if connection not in self._answers:
            self._wait(self._answers, connection, self._limits.silence_seconds, connection.taken())

    def forget(self, connection: Watched) -> None:
        """The server waits for nothing from the connection."""
        connection.is_watched = False
        self._heads.pop(connection, None)
        self._bodies.pop(connection, None)

    def forget_taking(self, connection: Watched) -> None:
        """The client has read its responses."""
        self._answers.pop(connection, None)

    def _make_room(self) -> None:
        """End a connection that has no whole request, if there is one. The first of these that there is:
        the oldest one without a head, the one whose body has stood still longest, the one that was idle
        longest."""
        found = next(iter(self._heads), None) or next(iter(self._bodies), None) or self._longest_idle()
        if found is not None:
            self.remove(found)
            found.give_way()

    def _longest_idle(self) -> Watched | None:
        idle = [(since, each) for each in self._connections if (since := each.idle_since()) is not None]
        return min(idle, key=lambda one: one[0])[1] if idle else None

    def _wait(
        self, waiting: dict[Watched, Patience], connection: Watched, seconds: float, moved: int = 0
    ) -> None:
        now = self._loop.time()
        waiting[connection] = Patience(now, seconds, self._limits, moved)
        if self._timer is None:
            self._swept = now
            self._timer = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        now = self._loop.time()
        # While the loop was busy with something else, it did not read what clients sent.
        busy = max(0.0, now - self._swept - SWEEP_SECONDS)
        self._swept = now
        for connection, patience in self._bodies.items():
            if connection.is_held():
                patience.hold(SWEEP_SECONDS)
        for connection, patience in self._answers.items():
            patience.moved(now, connection.taken())
        late = []
        for waiting in (self._heads, self._bodies, self._answers):
            for connection, patience in waiting.items():
                patience.hold(busy)
                if patience.at <= now:
                    late.append(connection)
        for connection in late:
            connection.time_out()
        is_needed = self._heads or self._bodies or self._answers
        self._timer = self._loop.call_later(SWEEP_SECONDS, self._sweep) if is_needed else None
