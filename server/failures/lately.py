"""What requests have found out of late."""

import time

_SECONDS = 5.0


class Lately:
    """Whether something has happened in the last 5 seconds."""

    def __init__(self) -> None:
        self._until = 0.0

    def note(self) -> None:
        """It happens now."""
        self._until = time.monotonic() + _SECONDS

    def __bool__(self) -> bool:
        return time.monotonic() < self._until


disk_was_full = Lately()
"""The database said so to a request: it is not seen by looking at what is there."""
