"""When Python looks for garbage: whole, seldom; in between, in little steps.

While Python looks through its objects nothing else runs, 0.7 microseconds for each. What is remembered of
requests comes to some 300,000, and each quarter more had it look through them all: 230 ms, in which nobody is
answered. Nearly all that requests leave behind goes without a search, as nothing refers to it any more.
"""

import asyncio
import gc

_YOUNG = 1_000
"""After so many new objects the new ones are looked through: 0.3 ms."""

_MIDDLE = 5
"""After so many times those are too that were found to be in use then: 2 ms."""

_NEVER = 1_000_000_000

_SECONDS = 60.0
"""So often what came since is looked through, and then no more, for as long as it is in use."""

_ROUNDS = 60
"""After so many times everything is, as what is not in use any more may be a circle."""


def look_seldom() -> None:
    """To be called once what lives as long as the process is there."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    _look()


async def keep_looking() -> None:
    """Never ends."""
    while True:
        for _ in range(_ROUNDS):
            await asyncio.sleep(_SECONDS)
            _look()
        gc.unfreeze()


def _look() -> None:
    gc.collect()
    gc.freeze()
