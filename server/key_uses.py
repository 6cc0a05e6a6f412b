"""When API keys were last used: written at most once a minute for each key and process."""

import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from authz.tokens import Digest
from resolvers.api_key_changes import note_use

_MOST = 10_000


class KeyUses:
    """Remembers for which tokens this minute was noted. A session's token is remembered alike and matches
    no key."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._minutes: dict[Digest, datetime.datetime] = {}

    async def note(self, token_digest: Digest) -> None:
        """The token was used now."""
        minute = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0)
        if self._minutes.get(token_digest) == minute:
            return
        if len(self._minutes) >= _MOST:
            self._minutes.clear()
        self._minutes[token_digest] = minute
        async with self._sessions.begin() as session:
            await note_use(session, token_digest)
