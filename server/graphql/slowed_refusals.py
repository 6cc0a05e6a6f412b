"""Callers that ignore `Retry-After` get their refusals late.

A refusal costs the process nearly as much as an answer. Without the delay, a caller that does not wait would
take as much of the process by refusals as by answers.
"""

import asyncio
from collections import Counter

from resolvers.effects.attempts import place_of

AT_ONCE = 20
"""Refusals of one network address, or network, in a second. Many people may share it."""

DELAY_SECONDS = 1.0
"""The shortest wait that a refusal asks for."""


class SlowedRefusals:
    """Of one process."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: Counter[str] = Counter()

    async def wait(self, client_address: str) -> None:
        """Wait before a refusal is sent, if the address had too many in this second."""
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second = second
            self._counts.clear()
        place = place_of(client_address)
        self._counts[place] += 1
        if self._counts[place] > AT_ONCE:
            await asyncio.sleep(DELAY_SECONDS)
