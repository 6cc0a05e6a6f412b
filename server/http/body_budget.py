"""How many bytes of bodies a process holds that have not come whole: 1,000 connections may each be at one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from authz.policy.refusals import Busy
from resolvers.effects.attempts import place_of

MOST = 64_000_000
"""Bytes of all of them."""

MOST_OF_A_PLACE = 16_000_000
"""Bytes of one network address, or network."""


@dataclass
class BodyBudget:
    """What bodies hold, each of which is counted while it comes."""

    most: int = MOST
    most_of_a_place: int = MOST_OF_A_PLACE
    _held: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def body(self, client_address: str) -> Iterator["HeldBody"]:
        """A body from this address. Its bytes count until the end of the block."""
        held = HeldBody(self, place_of(client_address))
        try:
            yield held
        finally:
            held.let_go()

    def take(self, place: str, size: int) -> None:
        """Count `size` more bytes. Raises Busy, and counts nothing, if that exceeds a limit."""
        is_crowded = self._held.total() + size > self.most
        if is_crowded or self._held[place] + size > self.most_of_a_place:
            raise Busy("Too many large requests are on their way")
        self._held[place] += size

    def give_back(self, place: str, size: int) -> None:
        """Count `size` bytes less."""
        self._held[place] -= size
        if not self._held[place]:
            del self._held[place]


class HeldBody:
    """One of them."""

    def __init__(self, budget: BodyBudget, place: str) -> None:
        self._budget = budget
        self._place = place
        self._size = 0

    def grow(self, size: int) -> None:
        """Count `size` more bytes of the body. Raises Busy."""
        self._budget.take(self._place, size)
        self._size += size

    def let_go(self) -> None:
        """The body is no longer held."""
        if self._size:
            self._budget.give_back(self._place, self._size)
            self._size = 0


BODIES = BodyBudget()
"""Of this process."""
