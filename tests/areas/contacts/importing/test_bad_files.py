"""Files that are wrong, late or odd, on their whole way: over HTTP, through a worker and out again."""

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, parse, present
from models.contacts.job_kinds import CONTACT_JOB
from models.contacts.jobs import contact_import_parts, contact_jobs
from resolvers.contacts.jobs import import_upload, import_work
from server.exports import contacts as exports
from server.jobs.dispatch import do
from server.logs.broken_off import BrokenOff
from tests.areas.contacts.asking import contacts_of, outcomes, upserted
from tests.areas.contacts.imports import export, import_file, imported, job_of, work_off_imports
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.job_queue import ready_jobs
from tests.server.deployed import deployed
from tests.world.contacts import contact_list_id, give_contact_list, give_contacts, give_memberships
from tests.world.recipients import code_of
from tests.world.world import Account, Member, World

_LATE = 50
"""So many good rows stand before the fault, and some of them are stored already."""
_REFUSED = {
    "encoding": ("bö@example.com\n".encode("latin-1"), "it is not in UTF-8."),
    "NUL": (b"b\0@example.com\n", "it has a NUL"),
    "open quote": (b'"bob@example.com\nc@example.com\n', "a quote begins in this row"),
    "10,000 cells": (b",".join([b"x"] * 10_000) + b"\n", "it has 10000 columns"),
    "10 MB": (b"x" * 10_000_000, "a row of more than 100,000 bytes"),
}


@pytest.mark.parametrize("name", _REFUSED)
async def test_a_fault_behind_many_rows_leaves_nothing(
    api: Api,
    world: World,
    account: Account,
    marketer: Member,
    database: AsyncEngine,
    application: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """No contact, no part of the file and no job that waits."""
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 5)
    monkeypatch.setattr(import_upload, "PARTS_AT_ONCE", 2)
    row, message = _REFUSED[name]
    good = "".join(f"person.{number}@example.com\n" for number in range(_LATE)).encode()
    response = await import_file(api, marketer, account, b"email\n" + good + row)
    assert code_of(response) == "400 BAD_USER_INPUT"
    assert response.json()["errors"][0]["message"].startswith(f"Line {_LATE + 2}: ")
    assert message in response.json()["errors"][0]["message"]
    await work_off_imports(application, account)
    assert await contacts_of(api, marketer, account) == []
    async with database.connect() as connection:
        for table in (contact_import_parts, contact_jobs):
            rows = (await connection.execute(select(table).where(table.c.account_id == account.key))).all()
            assert [row for row in rows if row._mapping.get("status") != "FAILED"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "x" * 201},
        {"source": ""},
        {"phoneCountry": "XX"},
        {"lists": "nonsense"},
        {"columns": "nonsense"},
        {"accountId": "nonsense"},
    ],
)
async def test_the_parameter_at_fault_is_named(
    api: Api, account: Account, marketer: Member, wrong: dict[str, str]
) -> None:
    response = await import_file(api, marketer, account, "email\nann@example.com\n", **wrong)
    (error,) = response.json()["errors"]
    assert error["extensions"]["argument"] == next(iter(wrong))


async def test_other_methods_are_told_which_there_are(api: Api) -> None:
    response = await api.http.put("/contacts")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")
    assert response.json()["errors"][0]["message"] == "Methods of this address: GET, HEAD, POST."
    assert (await api.http.head("/contacts")).status_code != response.status_code


async def test_odd_spellings_in_a_file_are_read_as_everywhere(
    api: Api, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """IDN, case, full-width forms and combining marks make no difference, tags do. What is no address is
    refused alone, with its line."""
    rows = (
        "ada@bücher.example",  # 2
        "ADA@BÜCHER.example",
        "ada@xn--bcher-kva.example",
        "\uff41\uff44\uff41@bu\u0308cher.example",
        "ada+news@bücher.example",  # 6
        '"""ada bo""@example.com"',  # 7
        "ada@example.com.",
        "\u0301ada@example.com",
        "0701234567",
    )
    content = "email,phone\n" + "".join(f"{row}\n" for row in rows[:-1]) + f",{rows[-1]}\n"
    job_id = await imported(api, marketer, account, content)
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["created"], job["refused"]) == ("DONE", 2, 4)
    reasons = {each["line"]: each["reason"].partition(":")[0] for each in job["errors"]["nodes"]}
    assert reasons == {7: "email", 8: "email", 9: "email", 10: "phone"}
    found = {each["emailCanonical"] for each in await contacts_of(api, marketer, account)}
    assert found == {"ada@xn--bcher-kva.example", "ada+news@xn--bcher-kva.example"}


async def test_a_list_that_is_deleted_while_it_is_imported(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """Each row says so, and nobody is a contact without the list that was wanted."""
    list_id = contact_list_id(account, await give_contact_list(world, account, "News"))
    job_id = await imported(api, marketer, account, "email\na@example.com\nb@example.com\n", lists=list_id)
    await done(api, "contactListDelete", marketer, contactListId=list_id)
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["created"], job["refused"]) == ("DONE", 0, 2)
    assert [each["line"] for each in job["errors"]["nodes"]] == [2, 3]
    reason = "lists: A list that all contacts of the file are added to was deleted."
    assert {each["reason"] for each in job["errors"]["nodes"]} == {reason}
    assert await contacts_of(api, marketer, account) == []


async def test_a_list_that_is_deleted_between_two_parts(
    api: Api,
    world: World,
    account: Account,
    marketer: Member,
    application: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was imported stays, without the list; the rows behind it are refused with their lines."""
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 2)
    list_id = contact_list_id(account, await give_contact_list(world, account, "News"))
    rows = "".join(f"{number}@example.com\n" for number in range(4))
    job_id = await imported(api, marketer, account, f"email\n{rows}", lists=list_id)
    stored, calls = import_work._import_part, 0

    async def then_deleted(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionResetError
        return await stored(*arguments)

    monkeypatch.setattr(import_work, "_import_part", then_deleted)
    with pytest.raises(ConnectionResetError):
        await work_off_imports(application, account)
    await done(api, "contactListDelete", marketer, contactListId=list_id)
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["created"], job["refused"]) == ("DONE", 2, 2)
    assert [each["line"] for each in job["errors"]["nodes"]] == [4, 5]
    found = {each["email"]: each["lists"] for each in await contacts_of(api, marketer, account)}
    assert found == {"0@example.com": [], "1@example.com": []}


async def test_the_same_contacts_in_two_files_and_a_request_at_once(
    api: Api, account: Account, marketer: Member, application: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is there once, and each way accounts for all of its own."""
    monkeypatch.setattr(import_upload, "ROWS_OF_A_PART", 5)
    emails = [f"{number}@example.com" for number in range(30)]
    for order in (emails, list(reversed(emails))):
        await imported(api, marketer, account, "\n".join(("email", *order)))
    jobs = [job for job in await ready_jobs(application, CONTACT_JOB) if job.master_id == account.master]
    sessions = WriteSessions(application)
    given = [{"email": email} for email in emails]
    asking = asyncio.create_task(outcomes(api, marketer, account, *given))
    await asyncio.gather(*(do(sessions, deployed(), job) for job in jobs))
    upserts = await asking
    assert set(upserts) <= {"CREATED", "UNCHANGED"}
    ended = [await job_of(api, marketer, present(Kind.CONTACT_JOB, job.subject_id)) for job in jobs]
    counts = [(job["status"], job["progress"]["done"], job["refused"]) for job in ended]
    assert counts == [("DONE", 30, 0)] * 2
    assert sum(job["created"] for job in ended) + upserts.count("CREATED") == len(emails)
    found = await contacts_of(api, marketer, account)
    assert sorted(each["email"] for each in found) == sorted(emails)


async def test_an_attribute_that_has_another_type_when_it_is_imported(
    api: Api, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """What fits is kept by the new type; another row says what it is now."""
    place = {"accountId": account.id, "name": "size"}
    await done(api, "contactAttributeCreate", marketer, **place, type="TEXT")
    job_id = await imported(api, marketer, account, "email,size\na@example.com,XL\nb@example.com,42\n")
    deleted = await done(api, "contactAttributeDelete", marketer, "job { id }", **place)
    await _work_off(application, deleted["job"]["id"])
    await done(api, "contactAttributeCreate", marketer, **place, type="NUMBER")
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["created"]) == ("DONE", 1)
    reason = "attributes.size: The attribute is NUMBER: give a number."
    assert job["errors"]["nodes"] == [{"line": 2, "reason": reason}]
    found = {each["email"]: each["attributes"] for each in await contacts_of(api, marketer, account)}
    assert found == {"b@example.com": {"size": 42}}


_ODD_NAMES = ('=HYPERLINK("http://x","y")', "+1", "\uff1d1", "email", "Source", "attributes.city", "'=x")
_ODD_VALUES = ("'=1", "''=1", "\uff1d1", "\uff20x", "'quoted'", '"', "a;b,c", "'")


async def test_an_exported_file_is_read_as_it_was_written(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """No cell is a formula, in the header neither; no attribute takes the place of another column."""
    other = await world.account()
    await world.member(other, BuiltinRole.MARKETER, marketer.person)
    for of in (account, other):
        for name in _ODD_NAMES:
            await done(api, "contactAttributeCreate", marketer, accountId=of.id, name=name, type="TEXT")
    values = [dict.fromkeys(_ODD_NAMES, value) for value in _ODD_VALUES]
    given = [{"email": f"{number}@example.com", "attributes": each} for number, each in enumerate(values)]
    await upserted(api, marketer, account, *given)
    text = (await export(api, marketer, accountId=account.id)).text
    head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert len(set(head)) == len(head)
    cells = [cell for row in (head, *rows) for cell in row if cell]
    assert [cell for cell in cells if cell[0] in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"] == []
    columns = json.dumps({"source": None, "createdAt": None})
    job_id = await imported(api, marketer, other, text, columns=columns)
    await work_off_imports(application, other)
    job = await job_of(api, marketer, job_id)
    assert (job["created"], job["errors"]["nodes"]) == (len(values), [])
    found = {each["email"]: each["attributes"] for each in await contacts_of(api, marketer, other)}
    assert found == {each["email"]: each["attributes"] for each in given}


async def test_a_list_that_is_deleted_while_it_is_exported_ends_the_file(
    api: Api, world: World, account: Account, marketer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a right does that ends on the way: the client notices that the rest is missing."""
    made = await give_memberships(world, account, await give_contacts(world, account, exports._PAGE + 1))
    list_id = contact_list_id(account, made[0])
    page = exports.ContactsExport._page

    async def then_deleted(*arguments: object) -> object:
        found = await page(*arguments)  # type: ignore[arg-type]
        if arguments[-1] is None:
            await done(api, "contactListDelete", marketer, contactListId=list_id)
        return found

    monkeypatch.setattr(exports.ContactsExport, "_page", then_deleted)
    with pytest.raises(BrokenOff):
        await export(api, marketer, contactListId=list_id)


async def test_a_file_of_a_header_alone_is_an_import_of_nobody(
    api: Api, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    job_id = await imported(api, marketer, account, "\ufeffemail\r\n")
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["progress"]) == ("DONE", {"done": 0, "total": 0})


async def _work_off(application: AsyncEngine, job_id: str) -> None:
    """Do this job and none that waits before it."""
    (job,) = [
        each
        for each in await ready_jobs(application, CONTACT_JOB)
        if each.subject_id == parse(Kind.CONTACT_JOB, job_id)
    ]
    await do(WriteSessions(application), deployed(), job)
