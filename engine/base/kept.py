"""Values that are kept while they are asked for, in so many bytes.

What came once is on trial, and is forgotten first: ten thousand values that nobody asks for again push each
other out, and not what is asked for again and again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROVEN_SHARE = 0.75
"""Of the bytes, at most, for what was asked for again: the rest is left to what comes for the first time."""


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    size: int


class Kept(Generic[K, V]):
    """At most `most` bytes; how many a value takes, says whoever keeps it. Not safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._trial: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._proven: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._proven_size = 0
        self.size = 0
        """Bytes of all that is kept."""

    def get(self, key: K) -> V | None:
        """The value, which was worth keeping; None: it is not kept."""
        entry = self._proven.get(key)
        if entry is not None:
            self._proven.move_to_end(key)
            return entry.value
        entry = self._trial.pop(key, None)
        if entry is None:
            return None
        self._proven[key] = entry
        self._proven_size += entry.size
        self._fit()
        return entry.value

    def add(self, key: K, value: V, size: int) -> None:
        """Keep a value, unless one is kept by its key. It goes at once where it is too large."""
        if key in self._trial or key in self._proven:
            return
        self._trial[key] = _Entry(value, size)
        self.size += size
        self._fit()

    def grow(self, key: K, value: V, more: int) -> None:
        """The value of the key takes so many bytes more, or fewer. It may have been forgotten."""
        for entries in (self._proven, self._trial):
            entry = entries.get(key)
            if entry is not None and entry.value is value:
                entry.size += more
                self.size += more
                self._proven_size += more if entries is self._proven else 0
                self._fit()

    def _fit(self) -> None:
        while self._proven_size > self._most * _PROVEN_SHARE:
            key, entry = self._proven.popitem(last=False)
            self._proven_size -= entry.size
            self._trial[key] = entry
        while self.size > self._most:
            _, entry = self._trial.popitem(last=False)
            self.size -= entry.size
