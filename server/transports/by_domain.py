"""A transport that gives each domain of recipients its own share, and lets a domain rest that takes nothing.

A domain that stalls holds no more than its share: what else comes for it is told at once to come later.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from resolvers.messages.transport import Envelope, Handed, Transport, Verdict

_FIRST_REST = 1.0
_LONGEST_REST = 300.0
"""Seconds."""
_MOST_REMEMBERED = 10_000
"""Domains that rest, or did lately. Each takes about 500 bytes."""


@dataclass
class _Domain:
    """`callers`: they try it or wait. `rest`: how long it rested since it last took something, the last time
    alone. `until`: when that ends, by the loop's clock."""

    callers: int = 0
    under_way: int = 0
    rest: float = 0.0
    until: float = 0.0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def wake(self) -> None:
        """Have all that wait look again: a place may be free, or the domain may rest."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)


class ByDomain:
    """`most`: messages for one domain that are under way at once, and as many may wait. After a rest a
    domain is tried with one message alone until it takes it."""

    def __init__(
        self,
        inner: Transport,
        most: int,
        first_rest: float = _FIRST_REST,
        longest_rest: float = _LONGEST_REST,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self._inner = inner
        self._most = most
        self._first_rest = first_rest
        self._longest_rest = longest_rest
        self._most_remembered = most_remembered
        self._busy: dict[str, _Domain] = {}
        self._failed: OrderedDict[str, _Domain] = OrderedDict()
        """Nothing is under way to them. The one that was tried last is at the end."""

    @property
    def remembered(self) -> int:
        """How many domains there is anything to remember of."""
        return len(self._busy) + len(self._failed)

    async def hand_over(self, envelope: Envelope) -> Handed:
        """See `Transport`. A message for a domain that rests, or has no room, is not tried and answered with
        LATER."""
        name = envelope.recipient.rpartition("@")[2].lower()
        domain = self._busy.get(name) or self._failed.pop(name, None) or _Domain()
        self._busy[name] = domain
        domain.callers += 1
        try:
            return await self._take_turn(domain, envelope)
        finally:
            domain.callers -= 1
            if not domain.callers:
                self._leave(name, domain)

    async def close(self) -> None:
        """See `Transport`."""
        await self._inner.close()

    async def _take_turn(self, domain: _Domain, envelope: Envelope) -> Handed:
        while True:
            if (left := _left(domain)) > 0:
                return _untried("The domain takes nothing at the moment.", left)
            if domain.under_way < (1 if domain.rest else self._most):
                return await self._try(domain, envelope)
            if len(domain.waiting) >= self._most:
                return _untried("Enough messages for this domain are under way.", self._first_rest)
            waiter = asyncio.get_running_loop().create_future()
            domain.waiting.append(waiter)
            try:
                await waiter
            finally:
                if waiter in domain.waiting:
                    domain.waiting.remove(waiter)

    async def _try(self, domain: _Domain, envelope: Envelope) -> Handed:
        domain.under_way += 1
        until = domain.until
        try:
            handed = await self._inner.hand_over(envelope)
            # A try that began before the last rest says nothing new.
            if domain.until == until:
                self._note(domain, handed.verdict)
        finally:
            domain.under_way -= 1
            domain.wake()
        if handed.verdict is Verdict.LATER:
            return Handed(Verdict.LATER, handed.answer, _left(domain) or self._first_rest)
        return handed

    def _note(self, domain: _Domain, verdict: Verdict) -> None:
        if verdict in (Verdict.LATER, Verdict.UNKNOWN):
            domain.rest = min(2 * domain.rest or self._first_rest, self._longest_rest)
            domain.until = _now() + domain.rest
        else:
            domain.rest = 0.0

    def _leave(self, name: str, domain: _Domain) -> None:
        """Nobody needs the domain now. Remember it only if it took nothing, until that is long ago."""
        del self._busy[name]
        if domain.rest:
            self._failed[name] = domain
        while self._failed:
            oldest = next(iter(self._failed.values()))
            is_past = oldest.until + self._longest_rest < _now()
            if not is_past and len(self._failed) <= self._most_remembered:
                break
            self._failed.popitem(last=False)


def _untried(why: str, rest: float) -> Handed:
    return Handed(Verdict.LATER, why, rest, is_tried=False)


def _left(domain: _Domain) -> float:
    """How many seconds it rests from now on."""
    return max(0.0, domain.until - _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
