"""Waiting for something to become true, however busy the machine is."""

import asyncio
from collections.abc import Callable

from tests.server.start.processes import PATIENCE

_PAUSE = 0.02


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(_PAUSE)
