"""Whether a database server answers.

Whoever finds it silent or away says so. It is then looked for beside the requests until it is found, and
nobody else waits for it meanwhile: neither the next request, nor the next part of the same one.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

_PATIENCE = 1.0
"""Seconds that a look may take."""
_PAUSE = 0.25
"""Seconds between two looks."""

AWAY_ERRORS = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""How a server fails that is silent, is not there, or is about to go or to come."""


class ServerSilentError(ConnectionError):
    """The server did not say anything when it was looked for last."""


class Reachability:
    """One server's. `look` connects to it, and raises what connecting raises."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._silent = False

    @property
    def in_doubt(self) -> bool:
        """Whether it is being looked for."""
        return self._looking is not None

    def doubt(self) -> None:
        """Look for it, until it is found."""
        if self._looking is None:
            self._looked.clear()
            self._looking = asyncio.create_task(self._look_until_found())

    async def check(self) -> None:
        """Raises ServerSilentError where it is looked for in vain; waits for the first look only.

        Nothing is raised where the server's machine says that it is not there: connecting tells that at once.
        """
        if self._looking is None:
            return
        await self._looked.wait()
        if self._silent:
            raise ServerSilentError

    def found(self) -> None:
        """Somebody has connected to it: it is looked for no more."""
        looking, self._looking = self._looking, None
        self._silent = False
        self._looked.set()
        if looking is not None and looking is not asyncio.current_task():
            looking.cancel()

    async def close(self) -> None:
        """Look no more."""
        looking = self._looking
        self.found()
        if looking is not None:
            await asyncio.gather(looking, return_exceptions=True)

    async def _look_until_found(self) -> None:
        while not await self._is_there():
            self._looked.set()
            await asyncio.sleep(_PAUSE)
        self.found()

    async def _is_there(self) -> bool:
        """Also where it lets nobody in: whoever connects is told why."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._look()
        except AWAY_ERRORS as error:
            self._silent = isinstance(error, TimeoutError)
            return False
        except Exception:
            return True
        return True
