"""A transport that gives each place that messages go to its own share, and lets a place rest that takes
nothing. A place is a domain of recipients of mail, or a gateway.

A place that stalls holds no more than its share: what else comes for it is told at once to come later.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from resolvers.messages.transport import Envelope, Handed, Transport, Verdict

T = TypeVar("T")

_FIRST_REST = 1.0
_LONGEST_REST = 300.0
"""Seconds."""
_MOST_REMEMBERED = 10_000
"""Places that rest, or did lately. Each takes about 500 bytes."""


@dataclass
class _Place:
    """`callers`: they try it or wait. `rest`: how long it rested since it last took something, the last time
    alone. `until`: when that ends, by the loop's clock."""

    callers: int = 0
    under_way: int = 0
    rest: float = 0.0
    until: float = 0.0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def wake(self) -> None:
        """Have all that wait look again: a place may be free, or the place may rest."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)


class ByPlace(Generic[T]):
    """`place_of`: where a message goes. `most`: messages for one place that are under way at once, and as
    many may wait. After a rest a place is tried with one message alone until it takes it."""

    def __init__(
        self,
        inner: Transport[T],
        place_of: Callable[[T], str],
        most: int,
        first_rest: float = _FIRST_REST,
        longest_rest: float = _LONGEST_REST,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self._inner = inner
        self._place_of = place_of
        self._most = most
        self._first_rest = first_rest
        self._longest_rest = longest_rest
        self._most_remembered = most_remembered
        self._busy: dict[str, _Place] = {}
        self._failed: OrderedDict[str, _Place] = OrderedDict()
        """Nothing is under way to them. The one that was tried last is at the end."""

    @property
    def remembered(self) -> int:
        """How many places there is anything to remember of."""
        return len(self._busy) + len(self._failed)

    async def hand_over(self, message: T) -> Handed:
        """See `Transport`. A message for a place that rests, or has no room, is not tried and answered with
        LATER."""
        name = self._place_of(message)
        place = self._busy.get(name) or self._failed.pop(name, None) or _Place()
        self._busy[name] = place
        place.callers += 1
        try:
            return await self._take_turn(place, message)
        finally:
            place.callers -= 1
            if not place.callers:
                self._leave(name, place)

    async def close(self) -> None:
        """See `Transport`."""
        await self._inner.close()

    async def _take_turn(self, place: _Place, message: T) -> Handed:
        while True:
            if (left := _left(place)) > 0:
                return _untried("The other side takes nothing at the moment.", left)
            if place.under_way < (1 if place.rest else self._most):
                return await self._try(place, message)
            if len(place.waiting) >= self._most:
                return _untried("Enough messages are under way to the same place.", self._first_rest)
            waiter = asyncio.get_running_loop().create_future()
            place.waiting.append(waiter)
            try:
                await waiter
            finally:
                if waiter in place.waiting:
                    place.waiting.remove(waiter)

    async def _try(self, place: _Place, message: T) -> Handed:
        place.under_way += 1
        until = place.until
        try:
            handed = await self._inner.hand_over(message)
            # A try that began before the last rest says nothing new.
            if place.until == until:
                self._note(place, handed.verdict)
        finally:
            place.under_way -= 1
            place.wake()
        if handed.verdict is Verdict.LATER:
            return Handed(Verdict.LATER, handed.answer, _left(place) or self._first_rest)
        return handed

    def _note(self, place: _Place, verdict: Verdict) -> None:
        if verdict in (Verdict.LATER, Verdict.UNKNOWN):
            place.rest = min(2 * place.rest or self._first_rest, self._longest_rest)
            place.until = _now() + place.rest
        else:
            place.rest = 0.0

    def _leave(self, name: str, place: _Place) -> None:
        """Nobody needs the place now. Remember it only if it took nothing, until that is long ago."""
        del self._busy[name]
        if place.rest:
            self._failed[name] = place
        while self._failed:
            oldest = next(iter(self._failed.values()))
            is_past = oldest.until + self._longest_rest < _now()
            if not is_past and len(self._failed) <= self._most_remembered:
                break
            self._failed.popitem(last=False)


def domain_of(envelope: Envelope) -> str:
    """The domain of the mail's recipient."""
    return envelope.recipient.rpartition("@")[2].lower()


def _untried(why: str, rest: float) -> Handed:
    return Handed(Verdict.LATER, why, rest, is_tried=False)


def _left(place: _Place) -> float:
    """How many seconds it rests from now on."""
    return max(0.0, place.until - _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
