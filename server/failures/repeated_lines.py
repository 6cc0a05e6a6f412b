"""Log lines that a fault would repeat for each request: one a second or a minute of each kind."""

import asyncio
import threading
import time
from contextvars import Context
from dataclasses import dataclass

import structlog

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_Key = tuple[str, tuple[tuple[str, str], ...]]
"""A line's event, and what else makes it one of a kind."""


@dataclass
class _Kind:
    """What is known of the lines of a kind since one was written."""

    written_at: float
    left_out: int = 0


class RepeatedLines(threading.local):
    """Each thread has its own, as it has a loop of its own. `pause`: seconds between two lines of a kind."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._kinds: dict[_Key, _Kind] = {}

    def warning(self, event: str, detail: str | None = None, **kind: str) -> None:
        """Log it, unless a line of the same `kind` was written within the pause.

        `left_out` says for how many more it stands; of several details one is told.
        """
        key = (event, tuple(kind.items()))
        now = time.monotonic()
        found = self._kinds.get(key)
        if found is not None and now - found.written_at < self._pause:
            found.left_out += 1
            return
        self._kinds[key] = _Kind(now)
        told = kind if detail is None else {**kind, "detail": detail}
        _log.warning(event, **told, **_counted(0 if found is None else found.left_out))
        # Of no request: the line is about all of them.
        asyncio.get_running_loop().call_later(self._pause, self._tell_rest, key, context=Context())

    def _tell_rest(self, key: _Key) -> None:
        """What was left out, also where no more lines come. The line stands for the first of them."""
        kind = self._kinds.pop(key, None)
        if kind is None or not kind.left_out:
            return
        event, told = key
        _log.warning(event, **dict(told), **_counted(kind.left_out - 1))


def _counted(left_out: int) -> dict[str, int]:
    return {"left_out": left_out} if left_out else {}


repeated_lines = RepeatedLines(1)
"""What an outage repeats: it may end at any moment."""

minute_lines = RepeatedLines(60)
"""What stays as it is until somebody changes it."""
