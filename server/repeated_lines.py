"""Log lines that an outage would repeat for each request: one a second of each kind."""

import asyncio
import threading
import time
from contextvars import Context
from dataclasses import dataclass

import structlog

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAUSE = 1.0
"""Seconds between two lines of a kind."""


@dataclass
class _Kind:
    """What is known of the lines of a kind since one was written."""

    written_at: float
    left_out: int = 0


class RepeatedLines(threading.local):
    """Each thread has its own, as it has a loop of its own."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, tuple[tuple[str, str], ...]], _Kind] = {}

    def warning(self, event: str, detail: str | None = None, **kind: str) -> None:
        """Log it, unless a line with the same `kind` was written within the second. `left_out` counts those
        that were not; of several details only one is told."""
        key = (event, tuple(kind.items()))
        now = time.monotonic()
        found = self._kinds.get(key)
        if found is not None and now - found.written_at < _PAUSE:
            found.left_out += 1
            return
        self._kinds[key] = _Kind(now)
        more: dict[str, object] = {} if detail is None else {"detail": detail}
        if found is not None and found.left_out:
            more["left_out"] = found.left_out
        _log.warning(event, **kind, **more)
        # Of no request: it tells of all.
        asyncio.get_running_loop().call_later(_PAUSE, self._tell_rest, key, context=Context())

    def _tell_rest(self, key: tuple[str, tuple[tuple[str, str], ...]]) -> None:
        """What was left out, also where no more lines come."""
        kind = self._kinds.pop(key, None)
        if kind is None or not kind.left_out:
            return
        event, told = key
        _log.warning(event, **dict(told), left_out=kind.left_out)


repeated_lines = RepeatedLines()
"""Those of the process."""
