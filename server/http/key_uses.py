"""When API keys and sessions were last used: written once a minute for each, beside the requests."""

import asyncio
import time

import structlog

from authz.callers.tokens import Digest
from engine.writes.sessions import WriteSessions
from resolvers.api_keys.create import note_uses
from resolvers.sessions.ends import note_session_uses
from server.failures.errors import failure_of

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST = 10_000
_PAUSE_SECONDS = 1.0


class KeyUses:
    """Remembers for which tokens this minute was noted, and writes the others down together, later on. A
    narrowed token counts for the key that it was made with."""

    def __init__(self, sessions: WriteSessions) -> None:
        self._sessions = sessions
        self._minutes: dict[Digest, int] = {}
        self._new: set[Digest] = set()
        self._writing: asyncio.Task[None] | None = None

    def note(self, token_digest: Digest) -> None:
        """Note that the token was used now."""
        minute = int(time.time()) // 60
        if self._minutes.get(token_digest) == minute:
            return
        if len(self._minutes) >= _MOST:
            self._minutes.clear()
        self._minutes[token_digest] = minute
        self._new.add(token_digest)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Write the uses that are not written yet, and stop."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._write()

    async def _write(self) -> None:
        noted, self._new = self._new, set()
        if not noted:
            return
        try:
            async with self._sessions.begin() as session:
                await note_uses(session, sorted(noted))
                await note_session_uses(session, sorted(noted))
        except Exception as error:  # keys: for information alone; sessions end early at most
            _log.warning("the use of keys and sessions was not noted", code=failure_of(error).code)

    async def _write_soon(self) -> None:
        while self._new:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._write()
