"""Jobs about contacts: interrupted, shared by workers, cancelled and ended."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, parse
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import contact_import_parts, contact_jobs
from models.contacts.tables import contacts
from resolvers.contacts import upsert
from resolvers.contacts.jobs import import_upload, import_work
from server.jobs.dispatch import do
from tests.areas.contacts.imports import (
    contacts_in,
    count_in,
    imported,
    job_of,
    work_off_imports,
)
from tests.areas.effects.log import events_of
from tests.client import mutations
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.job_queue import ready_jobs
from tests.server.deployed import deployed
from tests.world.world import Account, Member, World


async def test_a_job_that_was_interrupted_goes_on_behind_its_last_part(
    api: Api,
    account: Account,
    owner: Member,
    application: AsyncEngine,
    database: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker dies in the middle of the second part; nothing is imported twice, and nothing is lost."""
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 10)
    lines = [f"person.{number}@example.com" for number in range(35)]
    job_id = await imported(api, owner, account, "\n".join(("email", *lines)))
    stored = import_work._keep_errors
    calls = 0

    async def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionResetError
        await stored(*arguments)

    monkeypatch.setattr(import_work, "_keep_errors", dying)
    with pytest.raises(ConnectionResetError):
        await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["status"], job["progress"]["done"], job["created"]) == ("RUNNING", 10, 10)
    assert await count_in(database, contacts, account) == 10
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["status"], job["progress"]["done"], job["created"]) == ("DONE", 35, 35)
    assert await count_in(database, contacts, account) == 35
    assert await count_in(database, contact_import_parts, account) == 0


async def test_two_workers_import_each_part_once(
    api: Api,
    account: Account,
    owner: Member,
    application: AsyncEngine,
    database: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 5)
    lines = [f"person.{number}@example.com" for number in range(40)]
    job_id = await imported(api, owner, account, "\n".join(("email", *lines)))
    (job,) = [each for each in await ready_jobs(application, CONTACT_JOB) if _is(job_id, each.subject_id)]
    sessions = WriteSessions(application)
    await asyncio.gather(*[do(sessions, deployed(), job) for _ in range(2)])
    found = await job_of(api, owner, job_id)
    assert (found["status"], found["progress"]["done"], found["created"]) == ("DONE", 40, 40)
    assert await count_in(database, contacts, account) == 40


def _is(job_id: str, key: object) -> bool:
    return parse(Kind.CONTACT_JOB, job_id) == key


async def test_a_cancelled_import_keeps_what_it_did(
    api: Api,
    account: Account,
    owner: Member,
    application: AsyncEngine,
    database: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 10)
    lines = [f"person.{number}@example.com" for number in range(30)]
    job_id = await imported(api, owner, account, "\n".join(("email", *lines)))
    store = upsert.store_rows

    async def stored(*arguments: Any) -> Any:
        found = await store(*arguments)
        cancelling.append(asyncio.create_task(done(api, "contactImportCancel", owner, jobId=job_id)))
        return found

    cancelling: list[asyncio.Task[Any]] = []
    monkeypatch.setattr(import_work, "store_rows", stored)
    await work_off_imports(application, account)
    await asyncio.gather(*cancelling[:1])
    await asyncio.gather(*cancelling[1:], return_exceptions=True)
    job = await job_of(api, owner, job_id)
    assert job["status"] == "CANCELLED"
    assert job["created"] == await count_in(database, contacts, account) < 30
    (event,) = await events_of(api, owner, account.id, "CONTACT_IMPORT_CANCELLED")
    numbers = {"created": job["created"], "updated": 0, "refused": 0}
    assert (event["subjectId"], event["before"]) == (job_id, None)
    assert event["after"] == {"status": "CANCELLED", **numbers}
    assert await count_in(database, contact_import_parts, account) == 0
    assert await mutations.code_of(api, "contactImportCancel", owner, jobId=job_id) == "FAILED_PRECONDITION"


async def test_an_account_that_is_suspended_ends_its_import(
    api: Api, world: World, account: Account, application: AsyncEngine, database: AsyncEngine
) -> None:
    below = await world.account(account)
    owner = await world.member(account, BuiltinRole.OWNER)
    job_id = await imported(api, owner, below, "email\na@example.com\n")
    await done(api, "accountSuspend", owner, accountId=below.id, reason="A test.")
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["status"], job["failure"]) == ("FAILED", "The account is not active any more.")
    assert await count_in(database, contacts, below) == 0


async def test_an_upload_whose_server_died_fails_after_an_hour(
    api: Api, account: Account, owner: Member, application: AsyncEngine, database: AsyncEngine
) -> None:
    job_id = await imported(api, owner, account, "email\na@example.com\n")
    early = {"status": "UPLOADING", "total": 0}
    await _rewrite(database, job_id, **early)
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["status"], job["progress"]) == ("UPLOADING", {"done": 0, "total": None})
    await _rewrite(database, job_id, created_at=func.now() - func.make_interval(0, 0, 0, 0, 2))
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["status"], job["failure"]) == ("FAILED", "The upload was interrupted. Send the file again.")
    assert await count_in(database, contact_import_parts, account) == 0


async def _rewrite(database: AsyncEngine, job_id: str, **values: Any) -> None:
    this = contact_jobs.c.id == parse(Kind.CONTACT_JOB, job_id)
    async with database.begin() as connection:
        await connection.execute(update(contact_jobs).where(this).values(**values))


async def test_a_deleted_list_loses_its_members_and_then_itself(
    api: Api, account: Account, owner: Member, application: AsyncEngine, database: AsyncEngine
) -> None:
    made = await done(
        api, "contactListCreate", owner, "contactList { id }", accountId=account.id, name="Newsletter"
    )
    list_id = made["contactList"]["id"]
    await imported(api, owner, account, "email\na@example.com\nb@example.com\n", lists=list_id)
    await work_off_imports(application, account)
    await done(api, "contactListDelete", owner, contactListId=list_id)
    jobs = "query ($id: ID!) { account(id: $id) { jobs { nodes { kind status } } } }"
    expected = [{"kind": "LIST_DELETION", "status": "WAITING"}, {"kind": "IMPORT", "status": "DONE"}]
    assert (await api.read(jobs, owner, id=account.id))["account"]["jobs"]["nodes"] == expected
    await work_off_imports(application, account)
    expected[0]["status"] = "DONE"
    assert (await api.read(jobs, owner, id=account.id))["account"]["jobs"]["nodes"] == expected
    assert [each["lists"]["nodes"] for each in await contacts_in(api, owner, account)] == [[], []]


_UNKNOWN = "SELECT pg_clear_attribute_stats('public', 'contacts', 'account_id', true)"
_KNOWN = "SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'contacts' AND attname = 'account_id'"


@pytest.mark.parametrize(("parts", "is_known"), [(2, False), (3, True), (5, True)])
async def test_postgresql_looks_at_what_a_large_import_has_made(
    api: Api,
    account: Account,
    owner: Member,
    application: AsyncEngine,
    database: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    parts: int,
    is_known: bool,
) -> None:
    """Otherwise it would plan as if the account were small. A small import changes nothing."""
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 10)
    monkeypatch.setattr(import_work, "_MANY_PARTS", 3)
    lines = [f"person.{number}@example.com" for number in range(parts * 10)]
    async with database.begin() as connection:
        await connection.execute(text(_UNKNOWN))
    await imported(api, owner, account, "\n".join(("email", *lines)))
    await work_off_imports(application, account)
    async with database.connect() as connection:
        found = (await connection.execute(text(_KNOWN))).scalar_one_or_none()
    assert (found is not None and str(account.key) in found) == is_known
