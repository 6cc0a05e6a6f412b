"""Storing a file of contacts, part by part, for a worker to import.

Each part is stored in a transaction of its own, so that a large file keeps nobody from changing the account.
The job waits for its last part; until then workers leave it alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import orjson
from sqlalchemy import insert, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, row_of
from models.base.ids import AccountId, ContactJobId, Kind, new_id
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import ContactJobKind, ContactJobStatus, contact_import_parts, contact_jobs
from models.effects.jobs import Job
from resolvers.contacts.attributes import types_of
from resolvers.contacts.given import MOST_LISTS_OF_A_CONTACT
from resolvers.contacts.jobs.csv_rows import CsvRow, csv_rows
from resolvers.contacts.jobs.import_plan import ImportPlan, read_columns
from resolvers.contacts.jobs.store import NewContactJob, add_job
from resolvers.contacts.phone_country import phone_country
from resolvers.contacts.storing.memberships import known_lists
from resolvers.effects.jobs import enqueue
from resolvers.inputs.global_ids import required_in_account
from resolvers.inputs.text import short_text

ROWS_OF_A_PART = 2_000
"""They are imported in one transaction."""

PARTS_AT_ONCE = 20
"""They are stored in one transaction."""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import. `mapping`: see `import_plan.read_columns`. `lists`: global ids."""

    account_id: AccountId
    mapping: str | None
    lists: Sequence[str]
    source: str
    country: str | None


@dataclass(frozen=True)
class Part:
    """Rows of the file, as they are stored."""

    rows: bytes
    many: int


class ImportFile:
    """An uploaded file, whose rows are read part by part. It is to be read outside of the event loop."""

    def __init__(self, file: BinaryIO) -> None:
        self._rows = csv_rows(file)
        self._parts = 0

    def header(self) -> list[str]:
        """The names of the columns. Raises BAD_USER_INPUT for an empty file, and what `csv_rows` raises."""
        first = next(self._rows, None)
        if first is None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "The file is empty.")
        return first.cells

    def parts(self) -> list[Part]:
        """The next parts, at most PARTS_AT_ONCE; none at the end. Raises what `csv_rows` raises."""
        return [_part(rows) for rows in islice(_chunks(self._rows), PARTS_AT_ONCE)]


async def authorize_import(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """Needs CONTACTS_WRITE."""
    return await authorize_shared(session, principal, account_id, Permission.CONTACTS_WRITE)


async def begin_import(
    session: WriteSession, principal: Principal, request: ImportRequest, header: Sequence[str]
) -> ContactJobId:
    """Make the job, which waits for the file's parts. Needs CONTACTS_WRITE.

    Raises BAD_USER_INPUT for columns, a source or a country that are not as they should be, NOT_FOUND for a
    list that the account does not have.
    """
    account = await authorize_import(session, principal, request.account_id)
    async with in_data_plane(session, account):
        attributes = list(await types_of(session, account))
        await _check_lists(session, account, request.lists)
    plan = ImportPlan(
        columns=read_columns(header, request.mapping, attributes),
        lists=list(request.lists),
        source=short_text(request.source, "source"),
        country=await phone_country(session, account, request.country),
    )
    job = NewContactJob(kind=ContactJobKind.IMPORT, status=ContactJobStatus.UPLOADING, plan=plan.stored())
    return await add_job(session, principal, account, job)


async def add_parts(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId,
    job_id: ContactJobId,
    first: int,
    parts: Sequence[Part],
) -> None:
    """Store parts of the file. `first`: the number of the first one. Needs CONTACTS_WRITE."""
    account = await authorize_import(session, principal, account_id)
    place: dict[str, Any] = {**columns_of(account), "job_id": job_id}
    rows = [
        {**place, "id": new_id(), "part": first + number, "rows": part.rows}
        for number, part in enumerate(parts)
    ]
    async with in_data_plane(session, account):
        await session.execute_each(insert(contact_import_parts), rows)


async def end_upload(
    session: WriteSession, principal: Principal, account_id: AccountId, job_id: ContactJobId, total: int
) -> None:
    """All parts are stored: a worker may begin. `total`: how many rows there are. Needs CONTACTS_WRITE."""
    account = await authorize_import(session, principal, account_id)
    await session.send_built(
        update(contact_jobs)
        .where(
            row_of(contact_jobs, account, job_id),
            contact_jobs.c.status == ContactJobStatus.UPLOADING.value,
        )
        .values(status=ContactJobStatus.WAITING.value, total=total)
    )
    await enqueue(session, Job(CONTACT_JOB, account.master_id, job_id))


async def _check_lists(session: WriteSession, account: Authorized, lists: Sequence[str]) -> None:
    if len(lists) > MOST_LISTS_OF_A_CONTACT:
        message = f"At most {MOST_LISTS_OF_A_CONTACT} lists."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "lists")
    found = [required_in_account(Kind.CONTACT_LIST, text, "lists") for text in lists]
    known = await known_lists(session, account, {each.id for each in found})
    if any(each.account_id != account.account_id or each.id not in known for each in found):
        raise NotFound("lists")


def _chunks(rows: Iterator[CsvRow]) -> Iterator[list[CsvRow]]:
    while chunk := list(islice(rows, ROWS_OF_A_PART)):
        yield chunk


def _part(rows: Sequence[CsvRow]) -> Part:
    return Part(orjson.dumps([[row.line, *row.cells] for row in rows]), len(rows))
