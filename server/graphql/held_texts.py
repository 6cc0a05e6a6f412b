"""Texts by their hash, bounded by bytes, of which nobody can push out those of others.

Whoever sent or asked for a text holds it, up to a share of the bytes; beyond that the holder's own oldest
texts go. If all texts together take too much, the holder of the most gives something up. A text is dropped
when the last of its holders lets it go. So a flood from one place pushes out what came from there, and what
others use stays.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

MEMORY = 32_000_000
"""Bytes that all texts take together."""

SHARE = 4_000_000
"""Bytes of the texts that one holder has."""

MOST_HOLDERS = 4
"""Of one text: further ones would only cost memory, as the text stays anyway."""

_FULL = 0.95
"""How much of the memory is left in use where it was full."""

_BESIDE_A_TEXT = 2_000
"""Bytes that an entry takes beside its text, with all its holders."""


@dataclass(slots=True)
class _Entry:
    text: str
    size: int
    holders: set[Hashable] = field(default_factory=set)


@dataclass(slots=True)
class _Held:
    """What one holder has, the oldest first."""

    size: int = 0
    keys: OrderedDict[str, None] = field(default_factory=OrderedDict)


class HeldTexts:
    """Not safe between threads."""

    def __init__(self, memory: int = MEMORY, share: int = SHARE) -> None:
        self._memory = memory
        self._share = share
        self._entries: dict[str, _Entry] = {}
        self._holders: dict[Hashable, _Held] = {}
        self.size = 0
        """Bytes of all texts."""

    def find(self, key: str, holder: Hashable) -> str | None:
        """The text, which the holder has from now on; None: there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._hold(key, entry, holder)
        return entry.text

    def add(self, key: str, text: str, holder: Hashable) -> None:
        """Keep a text for a holder."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(text, len(text.encode()) + _BESIDE_A_TEXT)
            self.size += entry.size
        self._hold(key, entry, holder)
        if self.size > self._memory:
            self._make_room()

    def _hold(self, key: str, entry: _Entry, holder: Hashable) -> None:
        if holder in entry.holders:
            self._holders[holder].keys.move_to_end(key)
            return
        if len(entry.holders) >= MOST_HOLDERS:
            return
        entry.holders.add(holder)
        held = self._holders.setdefault(holder, _Held())
        held.keys[key] = None
        held.size += entry.size
        while held.size > self._share:
            self._let_go(holder)

    def _let_go(self, holder: Hashable) -> None:
        """The holder's oldest text."""
        held = self._holders[holder]
        key, _ = held.keys.popitem(last=False)
        entry = self._entries[key]
        held.size -= entry.size
        if not held.keys:
            del self._holders[holder]
        entry.holders.remove(holder)
        if not entry.holders:
            del self._entries[key]
            self.size -= entry.size

    def _make_room(self) -> None:
        """Enough for many further texts: to look through thousands of holders takes milliseconds."""
        largest = [
            (-held.size, number, holder) for number, (holder, held) in enumerate(self._holders.items())
        ]
        heapify(largest)
        while self.size > self._memory * _FULL:
            _, number, holder = heappop(largest)
            self._let_go(holder)
            held = self._holders.get(holder)
            if held is not None:
                heappush(largest, (-held.size, number, holder))
