"""Files of messages that a process holds in memory at once, and each of them once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountKey, AttachmentId
from resolvers.messages.attachments.read import AttachedFile, read_content

MOST_AT_ONCE = 20_000_000
"""Bytes. Mails take up to twelve times as many while they are written, signed and handed over."""

PATIENCE = 10.0
"""Seconds. A server that stalls may hold all room, and other messages shall not wait for it."""


class NoRoomError(Exception):
    """Other messages' files are being handed over."""


class GoneError(Exception):
    """A file is not there any more."""


@dataclass(frozen=True, eq=False)
class _Content:
    """What is in a file. It can be referred to weakly."""

    data: bytes = field(repr=False)


class AttachmentRoom:
    """Of one process."""

    def __init__(self, most: int = MOST_AT_ONCE, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._held = 0
        self._changed = asyncio.Condition()
        self._in_order = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._contents: WeakValueDictionary[AttachmentId, _Content] = WeakValueDictionary()

    @asynccontextmanager
    async def contents(
        self, sessions: WriteSessions, account: AccountKey, files: Sequence[AttachedFile]
    ) -> AsyncIterator[Mapping[AttachmentId, bytes]]:
        """What is in the files of a message, until the end of the block. Raises NoRoomError where there is
        none for so long, and GoneError."""
        async with self._holding(sum(file.size for file in files)):
            held = [await self._content(sessions, account, file.id) for file in files]
            yield {file.id: content.data for file, content in zip(files, held, strict=True)}

    @asynccontextmanager
    async def _holding(self, size: int) -> AsyncIterator[None]:
        try:
            # Whoever came first goes first, also where less would fit.
            async with asyncio.timeout(self._patience), self._in_order, self._changed:
                await self._changed.wait_for(lambda: not self._held or self._held + size <= self._most)
                self._held += size
        except TimeoutError as error:
            raise NoRoomError from error
        try:
            yield
        finally:
            self._held -= size
            async with self._changed:
                self._changed.notify_all()

    async def _content(self, sessions: WriteSessions, account: AccountKey, id_: AttachmentId) -> _Content:
        # One after the other: messages with the same file read it once.
        async with self._reading:
            found = self._contents.get(id_)
            if found is None:
                async with sessions.begin() as session, in_data_plane(session, account):
                    data = await read_content(session, account.master_id, account.account_id, id_)
                if data is None:
                    raise GoneError
                found = self._contents[id_] = _Content(data)
            return found
