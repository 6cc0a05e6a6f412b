"""Failures that requests met in the last seconds."""

import time

_SECONDS = 5.0


class Lately:
    """Whether something has happened in the last 5 seconds."""

    def __init__(self) -> None:
        self._until = 0.0

    def note(self) -> None:
        """It has happened now."""
        self._until = time.monotonic() + _SECONDS

    def __bool__(self) -> bool:
        return time.monotonic() < self._until


disk_was_full = Lately()
"""Only a write finds this out: `/readyz` cannot see it by reading."""
