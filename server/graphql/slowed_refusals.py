"""Refusals of callers that ask again at once are answered late.

A refusal costs the process nearly as much as an answer. Whoever does not wait as long as it was told to would
take as much of the process by being refused as by being answered.
"""

import asyncio
from collections import Counter

from resolvers.effects.attempts import place_of

AT_ONCE = 20
"""Refusals of one network address, or network, in a second; many people may stand behind it."""

DELAY_SECONDS = 1.0
"""As long as a client is told to wait at least."""


class SlowedRefusals:
    """Of one process."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: Counter[str] = Counter()

    async def wait(self, client_address: str) -> None:
        """To be awaited before a client is told to try again later."""
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second = second
            self._counts.clear()
        place = place_of(client_address)
        self._counts[place] += 1
        if self._counts[place] > AT_ONCE:
            await asyncio.sleep(DELAY_SECONDS)
