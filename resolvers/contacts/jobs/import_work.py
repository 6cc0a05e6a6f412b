"""Importing a file of contacts: part by part, each with its errors and its counts in one transaction.

While a part is written, the next one is read from the database and its addresses are brought into their
canonical forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, exists, insert, select, update

from authz.policy.refusals import Refusal
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import columns_of, row_of
from models.base.columns import SHORT_TEXT_LENGTH
from models.base.ids import new_id
from models.contacts.jobs import (
    ContactJobStatus,
    contact_import_errors,
    contact_import_parts,
    contact_jobs,
)
from models.effects.jobs import Job
from resolvers.contacts.jobs.import_plan import ImportPlan
from resolvers.contacts.jobs.import_reading import PartReader, ReadPart, parts_of
from resolvers.contacts.jobs.statistics import tell_sizes
from resolvers.contacts.jobs.store import forget_rest
from resolvers.contacts.jobs.work import OpenJob, begin, end, lock_job
from resolvers.contacts.storing.giving import giving_addresses
from resolvers.contacts.storing.preparing import prepared_again
from resolvers.contacts.upsert import ContactOutcome, StoredContacts, store_rows
from resolvers.inputs.address_digests import ContactKey

MOST_ERRORS = 10_000
"""Of one import that are kept, the first ones. The others are counted."""

_LIST_DELETED = "lists: A list that all contacts of the file are added to was deleted."
"""The lists were there when the file was uploaded."""

_MANY_PARTS = 10
"""After so many parts, and at the end of an import that has more, PostgreSQL looks at the tables anew."""


@dataclass
class _Done:
    """What was done of a part. `errors`: reasons by line."""

    created: int = 0
    updated: int = 0
    errors: dict[int, str] = field(default_factory=dict)

    def note(self, stored: StoredContacts) -> None:
        """Count it, and keep the reasons of what was refused."""
        outcomes = [result.outcome for result in stored.others.values()]
        self.created += len(stored.fresh) + outcomes.count(ContactOutcome.CREATED)
        self.updated += outcomes.count(ContactOutcome.UPDATED)
        for line, result in stored.others.items():
            if result.refusal is not None:
                self.errors[line] = _reason(result.refusal)


async def import_file(sessions: WriteSessions, key: ContactKey, job: Job) -> None:
    """Do the job, to its end or until somebody cancels it. An account that may not be changed any more ends
    it."""
    parts = 0
    reader = PartReader(sessions, key, job)
    try:
        while (part := await reader.part()) is not None:
            async with sessions.begin() as session:
                found = await lock_job(session, job)
                if found is None or not await _import_part(session, found, part, reader):
                    return
            parts = part.number + 1
            if parts == _MANY_PARTS:
                await tell_sizes(sessions, job)
    finally:
        await reader.stop()
    if parts > _MANY_PARTS:
        await tell_sizes(sessions, job)
    async with sessions.begin() as session:
        found = await lock_job(session, job)
        if found is not None:
            await _end(session, found)


async def _end(session: WriteSession, job: OpenJob) -> None:
    if job.status is ContactJobStatus.UPLOADING:
        await _fail(session, job, "The upload was interrupted. Send the file again.")
        return
    left = select(exists().where(*parts_of(job)))
    async with in_data_plane(session, job.account):
        is_left = (await session.execute(left)).scalar_one()
    # The upload may have ended at this very moment: then the job is still to be done.
    if not is_left:
        await end(session, job, ContactJobStatus.DONE)


async def _fail(session: WriteSession, job: OpenJob, reason: str) -> None:
    """Nothing more is imported."""
    await forget_rest(session, job.account, job.id)
    await end(session, job, ContactJobStatus.FAILED, reason)


async def _import_part(session: WriteSession, job: OpenJob, part: ReadPart, reader: PartReader) -> bool:
    """Whether the import goes on."""
    if not job.is_active:
        await _fail(session, job, "The account is not active any more.")
        return False
    await begin(session, job)
    source = ImportPlan.read(job.plan or {}).source
    done = _Done(errors={line: _reason(refusal) for line, refusal in part.refused.items()})
    stored = contact_import_parts
    async with giving_addresses(session, job.account):
        taken = delete(stored).where(*parts_of(job), stored.c.part == part.number)
        if (await session.execute(taken.returning(stored.c.id))).one_or_none() is None:
            return True
        contacts = await prepared_again(session, job.account, part.contacts)
        reader.begin()
        done.note(await store_rows(session, job.account, contacts, source))
        await _keep_errors(session, job, done.errors)
    counts = {
        "done": len(part.contacts.given) + len(part.refused),
        "created": done.created,
        "updated": done.updated,
        "refused": len(done.errors),
    }
    await session.send_built(
        update(contact_jobs)
        .where(row_of(contact_jobs, job.account, job.id))
        .values({name: contact_jobs.c[name] + many for name, many in counts.items()})
    )
    return True


async def _keep_errors(session: WriteSession, job: OpenJob, errors: Mapping[int, str]) -> None:
    room = MOST_ERRORS - job.refused
    place: dict[str, Any] = {**columns_of(job.account), "job_id": job.id}
    rows = [
        {**place, "id": new_id(), "line": line, "reason": errors[line]}
        for line in sorted(errors)[: max(room, 0)]
    ]
    await session.execute_each(insert(contact_import_errors), rows)


def _reason(refusal: Refusal) -> str:
    if refusal.field == "addToLists":
        return _LIST_DELETED
    text = refusal.message if refusal.field is None else f"{refusal.field}: {refusal.message}"
    return text if len(text) <= SHORT_TEXT_LENGTH else f"{text[: SHORT_TEXT_LENGTH - 3]}..."
