"""Whether a database server answers.

A caller that finds the server silent or away reports a doubt. A task then tries to connect until it succeeds,
and no request waits for the server meanwhile.
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
"""The errors of a server that is silent, absent, starting or stopping."""


STATEMENT_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a statement raises that the server refused, or whose answer did not come."""


class ServerSilentError(ConnectionError):
    """The server did not answer the last attempt to connect."""


class Reachability:
    """Of one server. `look` connects to it, and raises what connecting raises."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._silent = False

    @property
    def in_doubt(self) -> bool:
        """Whether the server is being tried."""
        return self._looking is not None

    def doubt(self) -> None:
        """Try the server until it answers."""
        if self._looking is None:
            self._looked.clear()
            self._looking = asyncio.create_task(self._look_until_found())

    async def check(self) -> None:
        """Raises ServerSilentError if the server does not answer. Waits for the first attempt only.

        A server whose machine refuses the connection raises nothing here: connecting fails at once.
        """
        if self._looking is None:
            return
        await self._looked.wait()
        if self._silent:
            raise ServerSilentError

    def found(self) -> None:
        """Somebody has connected: stop trying."""
        looking, self._looking = self._looking, None
        self._silent = False
        self._looked.set()
        if looking is not None and looking is not asyncio.current_task():
            looking.cancel()

    async def close(self) -> None:
        """Stop trying."""
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
        """Whether the server answers, even if it refuses us: the next caller that connects learns why."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._look()
        except AWAY_ERRORS as error:
            self._silent = isinstance(error, TimeoutError)
            return False
        except Exception:
            return True
        return True
