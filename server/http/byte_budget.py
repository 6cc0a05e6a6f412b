"""How many bytes a process holds for slow clients: of bodies that have not come whole, of large answers that
were not taken. 1,000 connections may each be at one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from authz.policy.refusals import Busy
from resolvers.effects.attempts import place_of


@dataclass
class ByteBudget:
    """`refusal`: why there is no room, for clients. `most`: bytes of all; `most_of_a_place`: of one network
    address, or network. Where nothing is held, something of any size may be."""

    refusal: str
    most: int
    most_of_a_place: int
    _held: Counter[str] = field(default_factory=Counter)

    def hold(self, client_address: str) -> "HeldBytes":
        """Something for this address: its bytes count until it is let go."""
        return HeldBytes(self, place_of(client_address))

    @contextmanager
    def holding(self, client_address: str) -> Iterator["HeldBytes"]:
        """The same until the end of the block."""
        held = self.hold(client_address)
        try:
            yield held
        finally:
            held.let_go()

    def check_room(self, client_address: str) -> None:
        """Raises Busy while more is held than may be: what cannot be refused later is refused before."""
        self._check(place_of(client_address), 0)

    def take(self, place: str, size: int, *, must: bool = False) -> None:
        """Count `size` more bytes. Raises Busy, and counts nothing, if that exceeds a limit, unless it
        `must` be held."""
        if not must:
            self._check(place, size)
        self._held[place] += size

    def _check(self, place: str, size: int) -> None:
        of_all, of_place = self._held.total(), self._held[place]
        is_crowded = of_all and of_all + size > self.most
        if is_crowded or (of_place and of_place + size > self.most_of_a_place):
            raise Busy(self.refusal)

    def give_back(self, place: str, size: int) -> None:
        """Count `size` bytes less."""
        self._held[place] -= size
        if not self._held[place]:
            del self._held[place]


class HeldBytes:
    """What is held for one client."""

    def __init__(self, budget: ByteBudget, place: str) -> None:
        self._budget = budget
        self._place = place
        self._size = 0

    def grow(self, size: int, *, must: bool = False) -> None:
        """Count `size` more bytes of it. Raises Busy, unless it `must` be held."""
        self._budget.take(self._place, size, must=must)
        self._size += size

    def let_go(self) -> None:
        """It is no longer held."""
        if self._size:
            self._budget.give_back(self._place, self._size)
            self._size = 0


BODIES = ByteBudget("Too many large requests are on their way", 64_000_000, 16_000_000)
"""Bodies of this process."""
