"""Taking in lists of recipients: what has come is read in a thread, and kept in files without names. Once all
is there it is stored in one transaction, one list after the other.
"""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from authz.callers.principals import Principal, UnknownCallerError
from authz.guards.exclusive import Authorized
from authz.guards.turns import write_in_turn
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId
from resolvers.effects.attempts import Limit, count_attempt
from resolvers.inputs.address_digests import KeySource
from resolvers.sending.address_hash import RecipientForm
from resolvers.sending.lists.recipient_lines import RecipientFile, RecipientLines
from resolvers.sending.lists.upload import StoredList, authorize_upload, delete_ended_lists, store_list
from server.failures.errors import Unauthenticated
from server.uploads.places import UploadPlaces

UPLOADS_AN_HOUR = 60
"""Of one account."""

BYTES_OF_A_LINE = 100
"""On average, at most."""

T = TypeVar("T")


@dataclass(frozen=True)
class Upload:
    """An upload: the caller, the account and the form of its lines."""

    principal: Principal
    account_id: AccountId
    form: RecipientForm


@dataclass(frozen=True)
class Uploaded:
    """The result of an upload. `malformed_lines`: the numbers of the first ones, counted from 1."""

    stored: StoredList
    recipients: int
    malformed: int
    malformed_lines: list[int]
    duplicates: int


class RecipientUploads:
    """Of one process."""

    def __init__(
        self, sessions: WriteSessions, contact_key: KeySource, places: UploadPlaces, limit: int
    ) -> None:
        self.body_limit = limit * BYTES_OF_A_LINE
        """In bytes."""
        self._sessions = sessions
        self._contact_key = contact_key
        self._limit = limit
        self._places = places
        self._storing = asyncio.Lock()

    async def take(self, upload: Upload, body: AsyncIterator[bytes]) -> Uploaded:
        """Read the list and keep it, or nothing of it.

        Raises Refusal with what `authorize_upload` and `RecipientLines` raise, SENDS_UNAVAILABLE; RateLimited
        where too many come of the tree at once or of the account in an hour; Busy; RefusedRequestError for a
        list that is too large or comes too slowly, and where the process takes no more; and what `body`
        raises.
        """
        key = self._contact_key()
        account = await self._authorized(upload)
        with self._places.place(account.master_id):
            await self._count(account)
            with closing(RecipientLines(key, upload.form, self._limit)) as lines:
                await self._places.read(body, self.body_limit, lines.feed)
                return await self._store(upload, await self._places.in_thread(lines.result))

    async def _authorized(self, upload: Upload) -> Authorized:
        """Before anything is read of what a stranger sends; asked again when it is stored."""
        return await self._write(
            lambda session: authorize_upload(session, upload.principal, upload.account_id), upload
        )

    async def _count(self, account: Authorized) -> None:
        subject = f"recipients {account.account_id}"
        await count_attempt(self._sessions, Limit(subject, UPLOADS_AN_HOUR, datetime.timedelta(hours=1)))

    async def _store(self, upload: Upload, file: RecipientFile) -> Uploaded:
        async with self._storing:
            stored = await self._write(
                lambda session: store_list(session, upload.principal, upload.account_id, file), upload
            )
        async with self._sessions.begin() as session:
            await delete_ended_lists(session)
        malformed = file.malformed
        return Uploaded(stored, file.digests.count, malformed.count, malformed.first, file.duplicates)

    async def _write(self, write: Callable[[WriteSession], Awaitable[T]], upload: Upload) -> T:
        try:
            _, done = await write_in_turn(self._sessions, upload.principal.credentials, write)
        except UnknownCallerError as error:
            raise Unauthenticated from error
        return done
