"""The streams of a process: sockets and event streams, which clients hold for as long as they like.

So they are counted, and a process that stops ends them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from authz.policy.refusals import Busy, RateLimited
from server.failures.errors import ErrorCode, RefusedRequestError
from server.fairness.gate import Caller, Side
from server.logs.metrics import streams

MOST = 500
"""Of one process: half of its connections."""

_MOST_OF = {Side.PRINCIPAL: 20, Side.TREE: 100, Side.PLACE: 100}

MOST_NAMELESS = 20
"""Sockets of one place whose clients have not said yet who they are. They count apart from its other streams:
so who opens many and says nothing leaves the place's streams alone."""


class Streams:
    """Of one process."""

    def __init__(self) -> None:
        self._ends: set[Callable[[], None]] = set()
        self._of: Counter[Hashable] = Counter()
        self._nameless: Counter[Caller] = Counter()
        self._is_stopping = False

    @contextmanager
    def held(self, end: Callable[[], None]) -> Iterator[None]:
        """Hold a stream's place while the body runs. `end` asks it to end, when the process stops.

        Raises Busy where there are too many, and RefusedRequestError in a process that stops.
        """
        if self._is_stopping:
            raise RefusedRequestError(ErrorCode.UNAVAILABLE, "The server is stopping; try again.")
        if len(self._ends) >= MOST:
            raise Busy("The server has too many subscribers")
        self._ends.add(end)
        streams.inc()
        try:
            yield
        finally:
            self._ends.discard(end)
            streams.dec()

    @contextmanager
    def counted(self, caller: Caller) -> Iterator[None]:
        """Count a stream for its caller while the body runs. Raises RateLimited where it has too many."""
        self._check_room(caller)
        self._of.update(caller)
        try:
            yield
        finally:
            self._of.subtract(caller)
            for entry in caller:
                if not self._of[entry]:
                    del self._of[entry]

    @contextmanager
    def nameless(self, place: Caller) -> Iterator[None]:
        """Count a socket for its place alone while the body runs: until its client says who it is. Raises
        RateLimited where the place has too many of these, or no room for one stream more."""
        self._check_room(place)
        if self._nameless[place] >= MOST_NAMELESS:
            raise RateLimited(1, f"There are {MOST_NAMELESS} sockets of yours without a token already")
        self._nameless[place] += 1
        try:
            yield
        finally:
            self._nameless[place] -= 1
            if not self._nameless[place]:
                del self._nameless[place]

    def _check_room(self, caller: Caller) -> None:
        for entry in caller:
            if self._of[entry] >= _MOST_OF[entry[0]]:
                raise RateLimited(1, f"There are {_MOST_OF[entry[0]]} streams of yours already")

    def end(self) -> None:
        """Ask all to end, and take no more."""
        self._is_stopping = True
        for end in tuple(self._ends):
            end()
