"""Taking in files that messages bring: what has come is kept in a file without a name. Once all is there it
is judged, and stored in one transaction."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar, cast

from authz.callers.principals import Principal, UnknownCallerError
from authz.guards.turns import write_in_turn
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId
from models.messages.attachments import MOST_BYTES
from resolvers.effects.attempts import Limit, count_attempt
from resolvers.messages.attachments.content_types import type_of
from resolvers.messages.attachments.names import file_name
from resolvers.messages.attachments.upload import File, StoredFile, store_file
from resolvers.sending.lists.upload import authorize_upload
from server.failures.errors import Unauthenticated
from server.uploads.places import UPLOADS_OF_A_TREE, UploadPlaces

UPLOADS_AN_HOUR = 6_000
"""Of one account. A message may bring a file of its own, such as an invoice."""

STORED_AT_ONCE = UPLOADS_OF_A_TREE + 1
"""Of one process. Then all of a file is in memory; no tree takes all of these places."""

T = TypeVar("T")


@dataclass(frozen=True)
class FileUpload:
    """An upload. `claimed`: the type that the caller says it is of."""

    principal: Principal
    account_id: AccountId
    name: str
    claimed: str | None


@dataclass(frozen=True)
class UploadedFile:
    """What was stored, and of what type it is."""

    stored: StoredFile
    file: File


class AttachmentUploads:
    """Of one process."""

    def __init__(self, sessions: WriteSessions, places: UploadPlaces) -> None:
        self._sessions = sessions
        self._places = places
        self._storing = asyncio.Semaphore(STORED_AT_ONCE)

    async def take(self, upload: FileUpload, body: AsyncIterator[bytes]) -> UploadedFile:
        """Judge the file and keep it, or nothing of it.

        Raises Refusal with what `authorize_upload`, `file_name`, `type_of` and `store_file` raise;
        RateLimited where too many come of the tree at once or of the account in an hour; Busy;
        RefusedRequestError for a file that is too large or comes too slowly; and what `body` raises.
        """
        name = file_name(upload.name, "name")
        # Before anything is read of what a stranger sends; asked again when it is stored.
        account = await self._write(
            upload.principal, lambda session: authorize_upload(session, upload.principal, upload.account_id)
        )
        with self._places.place(account.master_id):
            subject = f"attachments {account.account_id}"
            await count_attempt(self._sessions, Limit(subject, UPLOADS_AN_HOUR, datetime.timedelta(hours=1)))
            with TemporaryFile() as kept:
                received = cast("BinaryIO", kept)
                await self._places.read(body, MOST_BYTES, received.write)
                async with self._storing:
                    file = await self._places.in_thread(lambda: _judged(name, upload.claimed, received))
                    return UploadedFile(await self._store(upload, file), file)

    async def _store(self, upload: FileUpload, file: File) -> StoredFile:
        return await self._write(
            upload.principal,
            lambda session: store_file(session, upload.principal, upload.account_id, file),
        )

    async def _write(self, principal: Principal, write: Callable[[WriteSession], Awaitable[T]]) -> T:
        try:
            _, done = await write_in_turn(self._sessions, principal.credentials, write)
        except UnknownCallerError as error:
            raise Unauthenticated from error
        return done


def _judged(name: str, claimed: str | None, received: BinaryIO) -> File:
    received.seek(0)
    content = received.read()
    return File(name, type_of(content, claimed, name), content)
