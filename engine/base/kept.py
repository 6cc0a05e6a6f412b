"""A cache that is bounded by bytes.

A new value is on trial and is dropped first. A value that is asked for a second time is proven. So 10,000
values that are used once push each other out, and leave the proven ones alone.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROVEN_SHARE = 0.75
"""The most that proven values may take of the bytes. The rest is for new ones."""


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    size: int


class Kept(Generic[K, V]):
    """At most `most` bytes. The caller says how many bytes a value takes. Not safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._trial: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._proven: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._proven_size = 0
        self.size = 0
        """Bytes of all that is kept."""

    def get(self, key: K) -> V | None:
        """The value, which is proven from now on; None: there is none."""
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
        """Keep a value, unless its key is taken. A value that is too large is dropped at once."""
        if key in self._trial or key in self._proven:
            return
        self._trial[key] = _Entry(value, size)
        self.size += size
        self._fit()

    def grow(self, key: K, value: V, more: int) -> None:
        """The key's value takes `more` bytes more. Does nothing if the cache has dropped it."""
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
