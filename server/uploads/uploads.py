"""Taking in lists of recipients: how many at once, how large, how long, and what happens to them.

A client may be slow, so while it sends nothing of the database is held: what has come is read in a thread,
and kept in files without names. Once all is there it is stored in one transaction, one list after the other.
"""

import asyncio
import datetime
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from authz.callers.principals import Principal, UnknownCallerError
from authz.guards.exclusive import Authorized
from authz.guards.turns import write_in_turn
from authz.policy.refusals import Busy, RateLimited
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId, MasterId
from resolvers.effects.attempts import Limit, count_attempt
from resolvers.inputs.address_digests import KeySource
from resolvers.sending.address_hash import RecipientForm
from resolvers.sending.recipient_lines import RecipientFile, RecipientLines
from resolvers.sending.upload import StoredList, authorize_upload, delete_ended_lists, store_list
from server.failures.errors import ErrorCode, RefusedRequestError, Unauthenticated
from server.fairness.side_threads import side_thread

UPLOADS_AT_ONCE = 8
"""Of one process; UPLOADS_OF_A_TREE of them for one tree."""

UPLOADS_OF_A_TREE = 2
RETRY_SECONDS = 10
"""After which a place may be free again: most lists take less."""

UPLOADS_AN_HOUR = 60
"""Of one account."""

UPLOAD_SECONDS = 600.0
"""How long a client may take to send a list, however steadily it comes."""

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

    def __init__(self, sessions: WriteSessions, contact_key: KeySource, limit: int) -> None:
        self.body_limit = limit * BYTES_OF_A_LINE
        """In bytes."""
        self._sessions = sessions
        self._contact_key = contact_key
        self._limit = limit
        # One thread, whatever is sent: the event loop shares its core with no more than that.
        self._thread = side_thread("recipients")
        self._storing = asyncio.Lock()
        self._open: Counter[MasterId] = Counter()

    async def take(self, upload: Upload, body: AsyncIterator[bytes]) -> Uploaded:
        """Read the list and keep it, or nothing of it.

        Raises Refusal with what `authorize_upload` and `RecipientLines` raise, SENDS_UNAVAILABLE; RateLimited
        where too many come of the tree at once or of the account in an hour; Busy; RefusedRequestError for a
        list that is too large or comes too slowly, and where the process takes no more; and what `body`
        raises.
        """
        key = self._contact_key()
        account = await self._authorized(upload)
        with self._place(account.master_id):
            await self._count(account)
            with closing(RecipientLines(key, upload.form, self._limit)) as lines:
                await self._read(lines, body)
                return await self._store(upload, await self._in_thread(lines.result))

    def close(self) -> None:
        """Stop reading."""
        self._thread.shutdown(cancel_futures=True)

    async def _authorized(self, upload: Upload) -> Authorized:
        """Before anything is read of what a stranger sends; asked again when it is stored."""
        return await self._write(
            lambda session: authorize_upload(session, upload.principal, upload.account_id), upload
        )

    async def _count(self, account: Authorized) -> None:
        subject = f"recipients {account.account_id}"
        await count_attempt(self._sessions, Limit(subject, UPLOADS_AN_HOUR, datetime.timedelta(hours=1)))

    @contextmanager
    def _place(self, master_id: MasterId) -> Iterator[None]:
        what = "Too many lists are being uploaded at once"
        if self._open[master_id] >= UPLOADS_OF_A_TREE:
            raise RateLimited(RETRY_SECONDS, what)
        if self._open.total() >= UPLOADS_AT_ONCE:
            raise Busy(what, RETRY_SECONDS)
        self._open[master_id] += 1
        try:
            yield
        finally:
            self._open[master_id] -= 1
            if not self._open[master_id]:
                del self._open[master_id]

    async def _read(self, lines: RecipientLines, body: AsyncIterator[bytes]) -> None:
        received = 0
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                async for piece in body:
                    received += len(piece)
                    if received > self.body_limit:
                        message = f"The body is longer than {self.body_limit} bytes."
                        raise RefusedRequestError(ErrorCode.PAYLOAD_TOO_LARGE, message)
                    await self._in_thread(partial(lines.feed, piece))
        except TimeoutError:
            raise RefusedRequestError(ErrorCode.REQUEST_TIMEOUT, "The list came too slowly.") from None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Shielded and awaited to its end: files are not closed under whoever writes to them.
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.gather(running, return_exceptions=True)
            raise

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
