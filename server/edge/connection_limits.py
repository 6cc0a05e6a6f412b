"""Limits of a connection: how long and how much it may send before a request is whole, and how slowly it
may read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionLimits:
    """Sizes in bytes, times in seconds."""

    head_size: int = 32 * 1024
    """The largest request line and headers together."""
    header_count: int = 100
    head_seconds: float = 10.0
    """How long a head may take: from the connection, or from a later request's first byte, to its end."""
    silence_seconds: float = 10.0
    """How long a body, or the client's reading of a response, may stand still."""
    slow_seconds: float = 20.0
    """How long any body or response may take. One that takes longer has to move at `slowest_rate`."""
    slowest_rate: int = 8 * 1024
    """Bytes a second."""
    linger_seconds: float = 5.0
    """How long the server reads on after it answered a request before the request's end. The client may still
    be sending, and reads the response only afterwards."""
    last_seconds: float = 0.5
    """How long a stopping server waits for a request that is on its way."""
    first_seconds: float = 2.0
    """The same on a connection that has not brought a request yet: whoever opens one is about to ask."""
    connections: int = 1000
    """The most connections of one process."""
    pipelined: int = 16
    """The most requests of one connection that wait while an earlier one is answered."""


class Patience:
    """How long the server waits for a client: until `at`, in the event loop's time. `moved`: the bytes so
    far."""

    __slots__ = ("_before", "_begun", "_limits", "_moved", "at")

    def __init__(self, now: float, seconds: float, limits: ConnectionLimits, moved: int = 0) -> None:
        self.at = now + seconds
        self._begun = now
        self._before = self._moved = moved
        self._limits = limits

    def moved(self, now: float, total: int) -> None:
        """Note how many bytes have moved so far. If they are more than before, the client gets more time."""
        if total > self._moved:
            self._moved = total
            limits = self._limits
            earned = (total - self._before) / limits.slowest_rate
            self.at = min(now + limits.silence_seconds, self._begun + limits.slow_seconds + earned)

    def hold(self, seconds: float) -> None:
        """Give the client the time back that passed for another reason."""
        self._begun += seconds
        self.at += seconds
