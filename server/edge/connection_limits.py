"""What a connection may take of the server before it has given a whole request, and how slowly it reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionLimits:
    """Sizes in bytes, times in seconds."""

    head_size: int = 32 * 1024
    """Of the request line and the headers together."""
    header_count: int = 100
    head_seconds: float = 10.0
    """From the connection, or from a later request's first byte, to the end of its head."""
    silence_seconds: float = 10.0
    """In a body, and in the taking of an answer: how long not a byte may move."""
    slow_seconds: float = 20.0
    """How long a body or an answer may take however small it is; beyond that it moves at `slowest_rate`."""
    slowest_rate: int = 8 * 1024
    """Bytes a second."""
    linger_seconds: float = 5.0
    """How long the rest of a request is read that was answered before its end, so that the client, which may
    still be sending, finds the answer."""
    connections: int = 1000
    """Of one process."""
    pipelined: int = 16
    """Requests of one connection that wait while an earlier one is answered."""


class Patience:
    """How long a client is waited for: until `at`, in the event loop's time. `moved`: bytes until now."""

    __slots__ = ("_before", "_begun", "_limits", "_moved", "at")

    def __init__(self, now: float, seconds: float, limits: ConnectionLimits, moved: int = 0) -> None:
        self.at = now + seconds
        self._begun = now
        self._before = self._moved = moved
        self._limits = limits

    def moved(self, now: float, total: int) -> None:
        """So many bytes have moved until now: where they are more than before, they earn more time."""
        if total > self._moved:
            self._moved = total
            limits = self._limits
            earned = (total - self._before) / limits.slowest_rate
            self.at = min(now + limits.silence_seconds, self._begun + limits.slow_seconds + earned)

    def hold(self, seconds: float) -> None:
        """It was not the client who let so much time pass."""
        self._begun += seconds
        self.at += seconds
