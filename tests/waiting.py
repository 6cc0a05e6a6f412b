"""Waiting for something to become true, however busy the machine is."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from tests.server.start.processes import PATIENCE

_PAUSE = 0.02


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for what a function, or a coroutine function, answers to be true."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(_PAUSE)
