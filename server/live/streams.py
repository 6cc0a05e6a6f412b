"""The streams of a process: sockets and event streams, which clients hold for as long as they like.

So they are counted, and a process that stops ends them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import monotonic

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

SILENT_SECONDS = 1.0
"""After so long without its client's first message a nameless socket gives way to a new one of its place. So
others behind the same address do not wait for who says nothing. Clients send that message at once."""

GiveWay = Callable[[], bool]
"""Asks a nameless socket to end. False: its client has sent its first message meanwhile, so it stays."""


class Streams:
    """Of one process."""

    def __init__(self) -> None:
        self._ends: set[Callable[[], None]] = set()
        self._of: Counter[Hashable] = Counter()
        self._nameless: dict[Caller, dict[GiveWay, float]] = {}
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
    def nameless(self, place: Caller, give_way: GiveWay) -> Iterator[None]:
        """Count a socket for its place alone while the body runs: until its client says who it is. Raises
        RateLimited where the place has too many of these that were opened just now, or no room for one
        stream more."""
        self._check_room(place)
        opened = self._nameless.get(place, {})
        if len(opened) >= MOST_NAMELESS and not _made_room(opened):
            raise RateLimited(1, f"There are {MOST_NAMELESS} sockets of yours without a token already")
        self._nameless.setdefault(place, {})[give_way] = monotonic()
        try:
            yield
        finally:
            opened = self._nameless.get(place, {})
            opened.pop(give_way, None)
            if not opened:
                self._nameless.pop(place, None)

    def _check_room(self, caller: Caller) -> None:
        for entry in caller:
            if self._of[entry] >= _MOST_OF[entry[0]]:
                raise RateLimited(1, f"There are {_MOST_OF[entry[0]]} streams of yours already")

    def end(self) -> None:
        """Ask all to end, and take no more."""
        self._is_stopping = True
        for end in tuple(self._ends):
            end()


def _made_room(opened: dict[GiveWay, float]) -> bool:
    """Have the oldest socket give way that has been silent for long enough. False: there is none."""
    until = monotonic() - SILENT_SECONDS
    silent = [give_way for give_way, since in opened.items() if since <= until]
    for give_way in silent:
        if give_way():
            del opened[give_way]
            return True
    return False
