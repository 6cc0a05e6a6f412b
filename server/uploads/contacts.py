"""Taking in files of contacts: the file is kept without a name until all of it has come, then its rows are
read in a thread and stored part by part, for a worker to import."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar, cast

from authz.callers.principals import Principal, UnknownCallerError
from authz.guards.turns import write_in_turn
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import ContactJobId
from resolvers.contacts.jobs import import_upload
from resolvers.contacts.jobs.import_upload import ImportFile, ImportRequest, Part
from resolvers.effects.attempts import Limit, count_attempt
from resolvers.inputs.address_digests import KeySource
from server.failures.errors import Unauthenticated
from server.uploads.places import UploadPlaces

IMPORTS_AN_HOUR = 60
"""Of one account."""

BYTES_OF_A_ROW = 200
"""On average, at most."""

T = TypeVar("T")


@dataclass(frozen=True)
class Imported:
    """The job that imports the file, and how many rows there are."""

    job_id: ContactJobId
    rows: int


class ContactUploads:
    """Of one process. `limit`: the most rows of a file."""

    def __init__(
        self, sessions: WriteSessions, contact_key: KeySource, places: UploadPlaces, limit: int
    ) -> None:
        self.body_limit = limit * BYTES_OF_A_ROW
        """In bytes."""
        self._sessions = sessions
        self._contact_key = contact_key
        self._places = places
        self._limit = limit

    async def take(
        self, principal: Principal, request: ImportRequest, body: AsyncIterator[bytes]
    ) -> Imported:
        """Store the file, or nothing of it.

        Raises what `import_upload` raises, and SENDS_UNAVAILABLE; RateLimited where too
        many come of the tree at once or of the account in an hour; Busy; RefusedRequestError for a file that
        is too long or comes too slowly; and what `body` raises.
        """
        self._contact_key()
        account = await self._write(
            principal,
            lambda session: import_upload.authorize_import(session, principal, request.account_id),
        )
        with self._places.place(account.master_id):
            subject = f"imports {account.account_id}"
            await count_attempt(self._sessions, Limit(subject, IMPORTS_AN_HOUR, datetime.timedelta(hours=1)))
            with TemporaryFile() as stored:
                file = cast("BinaryIO", stored)
                await self._places.read(body, self.body_limit, file.write)
                rows = await self._places.in_thread(lambda: self._checked(file))
                return Imported(await self._store(principal, request, file), rows)

    def _checked(self, file: BinaryIO) -> int:
        """How many rows the file has. All of it is read, so that nothing is stored of a file with a fault."""
        file.seek(0)
        whole = ImportFile(file)
        whole.header()
        rows = 0
        while parts := whole.parts():
            rows += sum(part.many for part in parts)
            if rows > self._limit:
                message = f"The file has more than {self._limit:,} rows."
                raise Refusal(RefusalCode.BAD_USER_INPUT, message)
        file.seek(0)
        return rows

    async def _store(self, principal: Principal, request: ImportRequest, file: BinaryIO) -> ContactJobId:
        whole = ImportFile(file)
        header = await self._places.in_thread(whole.header)
        job_id = await self._write(
            principal, lambda session: import_upload.begin_import(session, principal, request, header)
        )
        first, total = 0, 0
        while stored := await self._places.in_thread(whole.parts):
            await self._add(principal, request, job_id, first, stored)
            first += len(stored)
            total += sum(part.many for part in stored)
        await self._write(
            principal,
            lambda session: import_upload.end_upload(session, principal, request.account_id, job_id, total),
        )
        return job_id

    async def _add(
        self,
        principal: Principal,
        request: ImportRequest,
        job_id: ContactJobId,
        first: int,
        parts: list[Part],
    ) -> None:
        await self._write(
            principal,
            lambda session: import_upload.add_parts(
                session, principal, request.account_id, job_id, first, parts
            ),
        )

    async def _write(self, principal: Principal, write: Callable[[WriteSession], Awaitable[T]]) -> T:
        try:
            _, done = await write_in_turn(self._sessions, principal.credentials, write)
        except UnknownCallerError as error:
            raise Unauthenticated from error
        return done
