"""How much memory of the database server a connection's process takes.

PostgreSQL shows this to superusers only, so it is estimated from the lengths of the statements' texts. The
bytes per character were measured on many kinds of queries; `make bench` checks the estimate.
"""

MOST = 48_000_000
"""Bytes that a process may take beyond one that has just been opened."""

_LEAST_KEPT = 8_000_000
"""Bytes. A process that has less than this left for prepared statements is replaced."""

_COMMON = 16_000_000
"""Bytes for the catalog, and for what planning one long statement leaves behind."""

_BYTES_TO_PLAN = 600
"""Bytes for each character of a statement that is planned. PostgreSQL's allocator keeps this memory for the
next statement, and gives it back to the system only when the process ends. Only the memory of the first long
statement goes back at once."""

_BYTES_TO_KEEP = 130
"""For each character of a prepared statement: its trees and its plan, and what lies idle between them."""


class BackendMemory:
    """Of one process. Lengths are of statements' texts, in characters."""

    __slots__ = ("_kept", "_longest", "_second", "spent")

    def __init__(self) -> None:
        self._kept = self._longest = self._second = 0
        self.spent = False
        """Whether it is time for another process."""

    @property
    def excess(self) -> int:
        """Bytes that it takes too much."""
        return _excess(self._kept, self._second)

    def excess_with(self, length: int, *, kept: bool) -> int:
        """Bytes that it would take too much with one more statement; `kept`: which stays prepared."""
        second = max(self._second, min(self._longest, length))
        return _excess(self._kept + length * kept, second)

    def plan(self, length: int) -> None:
        """It plans a statement now."""
        self._second = max(self._second, min(self._longest, length))
        self._longest = max(self._longest, length)
        self.spent = _excess(0, self._second) > -_LEAST_KEPT

    def keep(self, length: int) -> None:
        """A statement stays prepared from now on."""
        self._kept += length

    def drop(self, length: int) -> None:
        """A statement is not kept any more."""
        self._kept -= length


def _excess(kept: int, second: int) -> int:
    return _COMMON + _BYTES_TO_PLAN * second + _BYTES_TO_KEEP * kept - MOST
