"""Reading the parts of a file: each one while PostgreSQL writes the one before.

Python does one thing at a time: what it reads while it has something to write takes the writing's time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from authz.policy.refusals import Refusal
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSessions
from models.accounts.trees import in_account
from models.contacts.jobs import ContactJobStatus, contact_import_parts
from models.effects.jobs import Job
from resolvers.contacts.given import AddressReader, ReadContact
from resolvers.contacts.jobs.import_plan import ImportPlan
from resolvers.contacts.jobs.work import OpenJob, find_job
from resolvers.contacts.storing.preparing import Known, PreparedContacts, prepare, read_known
from resolvers.inputs.address_digests import ContactKey


@dataclass(frozen=True)
class ReadPart:
    """Rows of the file by their lines, and why others were refused before it was known what the account
    has."""

    number: int
    contacts: PreparedContacts
    refused: Mapping[int, Refusal]


class PartReader:
    """Reads the parts of an import, in their order."""

    def __init__(self, sessions: WriteSessions, key: ContactKey, job: Job) -> None:
        self._sessions = sessions
        self._key = key
        self._job = job
        self._last = -1
        self._reading: asyncio.Task[ReadPart | None] | None = None

    def begin(self) -> None:
        """Begin with the next part, if it is not begun."""
        self._begun()

    async def part(self) -> ReadPart | None:
        """The next part; None: there is none, or the job is over."""
        found = await self._begun()
        self._reading = None
        if found is not None:
            self._last = found.number
        return found

    async def stop(self) -> None:
        """Wait until what was begun gives its connection back, which is soon."""
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    def _begun(self) -> "asyncio.Task[ReadPart | None]":
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> ReadPart | None:
        async with self._sessions.begin() as session:
            found = await find_job(session, self._job)
            if found is None or found.plan is None or found.status is ContactJobStatus.UPLOADING:
                return None
            part = contact_import_parts.c
            next_one = (
                select(part.part, part.rows)
                .where(*parts_of(found), part.part > self._last)
                .order_by(part.part)
                .limit(1)
            )
            plan = ImportPlan.read(found.plan)
            reader = AddressReader(self._key, found.account.account_id, plan.country)
            lists = reader.lists(plan.lists, "lists")
            async with in_data_plane(session, found.account):
                row = (await session.execute(next_one)).one_or_none()
                known = await read_known(session, found.account, lists)
        if row is None:
            return None
        return await asyncio.to_thread(_read_rows, row.part, row.rows, plan, known, reader)


def parts_of(job: OpenJob) -> Sequence[Any]:
    """Which parts are the job's."""
    return in_account(contact_import_parts, job.account), contact_import_parts.c.job_id == job.id


def _read_rows(number: int, stored: bytes, plan: ImportPlan, known: Known, reader: AddressReader) -> ReadPart:
    contacts: dict[int, ReadContact] = {}
    refused: dict[int, Refusal] = {}
    for line, *cells in orjson.loads(stored):
        try:
            contacts[line] = reader.read(plan.contact(cells, known.types), known.named)
        except Refusal as refusal:
            refused[line] = refusal
    return ReadPart(number, prepare(contacts, known), refused)
