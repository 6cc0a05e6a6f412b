"""Files of contacts: uploaded, and imported by a worker."""

import json

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.contacts.jobs import contact_import_parts
from models.contacts.tables import contacts
from tests.areas.contacts.imports import (
    contacts_in,
    count_in,
    import_file,
    imported,
    job_of,
    work_off_imports,
)
from tests.areas.effects.log import events_of
from tests.client import mutations
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.recipients import code_of
from tests.world.world import Account, Member, World


async def _attributes(api: Api, caller: Caller, account: Account, **types: str) -> None:
    for name, type_ in types.items():
        await done(api, "contactAttributeCreate", caller, accountId=account.id, name=name, type=type_)


_FILE = """E-Mail;phone;externalId;country;age;left out
Ada@Example.com;;1;SE;36;x
;0701234567;2;"N;O";
nobody;;;;;
bob@example.com;;;;old;
"""
_ITS_JOB = {
    "kind": "IMPORT",
    "status": "DONE",
    "progress": {"done": 4, "total": 4},
    "created": 2,
    "updated": 0,
    "refused": 2,
    "failure": None,
    "errors": {
        "totalCount": 2,
        "nodes": [
            {"line": 4, "reason": "email: Not an e-mail address: An email address must have an @-sign."},
            {"line": 5, "reason": "attributes.age: The attribute is NUMBER: give a number."},
        ],
    },
}


async def test_rows_become_contacts_and_faults_are_told_by_line(
    api: Api, account: Account, owner: Member, application: AsyncEngine
) -> None:
    await _attributes(api, owner, account, country="TEXT", age="NUMBER")
    made = await done(
        api, "contactListCreate", owner, "contactList { id }", accountId=account.id, name="Newsletter"
    )
    mapping = json.dumps({"E-Mail": "email", "left out": None})
    job_id = await imported(
        api,
        owner,
        account,
        _FILE,
        columns=mapping,
        lists=made["contactList"]["id"],
        phoneCountry="SE",
        source="The fair",
    )
    before = await job_of(api, owner, job_id)
    assert (before["status"], before["progress"]) == ("WAITING", {"done": 0, "total": 4})
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert job.pop("startedAt") <= job.pop("endedAt")
    assert job == _ITS_JOB | {"account": {"id": account.id}}
    lists = {"nodes": [{"list": {"name": "Newsletter"}, "source": "The fair"}]}
    shared = {"source": "The fair", "lists": lists}
    assert await contacts_in(api, owner, account) == [
        {
            "externalId": "1",
            "email": "Ada@Example.com",
            "phoneCanonical": None,
            "attributes": {"age": 36, "country": "SE"},
            **shared,
        },
        {
            "externalId": "2",
            "email": None,
            "phoneCanonical": "+46701234567",
            "attributes": {"country": "N;O"},
            **shared,
        },
    ]
    (event,) = [
        event for event in await events_of(api, owner, account.id) if event["type"] == "CONTACTS_IMPORTED"
    ]
    assert event["after"] == {"status": "DONE", "created": 2, "updated": 0, "refused": 2}
    assert event["actorName"] == owner.person.name


async def test_numbers_are_digits_and_a_point(
    api: Api, account: Account, owner: Member, application: AsyncEngine
) -> None:
    """Other spellings that Python reads are refused."""
    await _attributes(api, owner, account, visits="NUMBER")
    good = {"1000": 1000, "+3.0": 3, "-.5": -0.5, "1e3": 1000, "007": 7}
    wrong = ("1_000", "1_0.5", "\uff11\uff12", "\u0663.5", "nan", "Infinity", "1,5", "0x10", "1e400")
    rows = [f'{number}@example.com,"{text}"' for number, text in enumerate([*good, *wrong])]
    job_id = await imported(api, owner, account, "\n".join(["email,visits", *rows]))
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert [node["line"] - 2 - len(good) for node in job["errors"]["nodes"]] == list(range(len(wrong)))
    found = await contacts_in(api, owner, account)
    assert [contact["attributes"]["visits"] for contact in found] == list(good.values())


async def test_the_last_of_several_rows_about_one_contact_wins(
    api: Api, account: Account, owner: Member, application: AsyncEngine
) -> None:
    """Empty cells take nothing away."""
    await _attributes(api, owner, account, vip="BOOLEAN", since="DATE")
    first, last = "a@example.com,yes,2026-01-01", "a@EXAMPLE.com,,2026-02-02"
    rows = (first, "A@example.com,no,", "b@example.com,1,", last)
    job_id = await imported(api, owner, account, "\n".join(("email,vip,since", *rows)))
    await work_off_imports(application, account)
    job = await job_of(api, owner, job_id)
    assert (job["created"], job["updated"], job["refused"]) == (2, 2, 0)
    found = {each["email"]: each["attributes"] for each in await contacts_in(api, owner, account)}
    assert found == {
        "a@EXAMPLE.com": {"vip": False, "since": "2026-02-02"},
        "b@example.com": {"vip": True},
    }


async def test_the_same_file_again_changes_nothing(
    api: Api, account: Account, owner: Member, application: AsyncEngine, database: AsyncEngine
) -> None:
    await _attributes(api, owner, account, country="TEXT")
    content = "email,country\na@example.com,SE\nb@example.com,NO\n"
    for created in (2, 0):
        job_id = await imported(api, owner, account, content)
        await work_off_imports(application, account)
        job = await job_of(api, owner, job_id)
        assert (job["created"], job["updated"], job["refused"]) == (created, 0, 0)
    async with database.connect() as connection:
        versions = select(contacts.c.version).where(contacts.c.account_id == account.key)
        assert (await connection.execute(versions)).scalars().all() == [1, 1]


_REFUSED: dict[str, tuple[str | bytes, dict[str, str], str, str]] = {
    "empty": ("", {}, "400 BAD_USER_INPUT", "The file is empty."),
    "no key": ("country\nSE\n", {}, "400 BAD_USER_INPUT", "No column holds email, phone or externalId"),
    "unknown column": (
        "email,town\na@example.com,x\n",
        {},
        "400 BAD_USER_INPUT",
        "Column 'town' holds nothing",
    ),
    "mapped to nothing": (
        "email,town\na@example.com,x\n",
        {"columns": '{"town": "nowhere"}'},
        "400 BAD_USER_INPUT",
        "Column 'town' holds nothing",
    ),
    "mapping of another file": (
        "email\na@example.com\n",
        {"columns": '{"E-Mail": "email"}'},
        "400 BAD_USER_INPUT",
        "The file has no column 'E-Mail'.",
    ),
    "mapping that is no object": ("email\n", {"columns": "[1]"}, "400 BAD_USER_INPUT", "no JSON object"),
    "mapping that is deep": ("email\n", {"columns": "[" * 5000}, "400 BAD_USER_INPUT", "no JSON object"),
    "two columns for one": (
        "email,Mail\na@example.com,b@example.com\n",
        {"columns": '{"Mail": "email"}'},
        "400 BAD_USER_INPUT",
        "Two columns hold 'email'.",
    ),
    "country": ("phone\n070\n", {"phoneCountry": "Sweden"}, "400 BAD_USER_INPUT", "a country's code"),
    "source": ("email\n", {"source": "x" * 201}, "400 BAD_USER_INPUT", "1 to 200 characters"),
    "a list of nobody": ("email\n", {"lists": "clst_1"}, "404 NOT_FOUND", "There is nothing with this id"),
    "another parameter": ("email\n", {"list": "x"}, "400 BAD_USER_INPUT", "The query string names"),
    "encoding": (
        "email\na@example.com\nü@example.com\n".encode("latin-1"),
        {},
        "400 BAD_USER_INPUT",
        "Line 3: it is not in UTF-8.",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
async def test_a_faulty_file_leaves_nothing(
    api: Api, world: World, account: Account, owner: Member, database: AsyncEngine, name: str
) -> None:
    await _attributes(api, owner, account, country="TEXT")
    content, query, code, message = _REFUSED[name]
    before = await world.state(account)
    response = await import_file(api, owner, account, content, **query)
    assert code_of(response) == code
    assert message in response.json()["errors"][0]["message"]
    assert await world.state(account) == before
    assert await count_in(database, contact_import_parts, account) == 0


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (BuiltinRole.MARKETER, "202"),
        (BuiltinRole.ANALYST, "403 FORBIDDEN"),
        (BuiltinRole.DEVELOPER, "403 FORBIDDEN"),
        (BuiltinRole.FINANCE, "403 FORBIDDEN"),
    ],
)
async def test_who_may_write_contacts_may_import(
    api: Api, world: World, account: Account, role: BuiltinRole, code: str
) -> None:
    member = await world.member(account, role)
    response = await import_file(api, member, account, "email\na@example.com\n")
    assert (code_of(response) if response.status_code != httpx.codes.ACCEPTED else "202") == code


async def test_strangers_learn_nothing(api: Api, world: World, account: Account, owner: Member) -> None:
    """Neither by an upload nor of a job."""
    job_id = await imported(api, owner, account, "email\na@example.com\n")
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    assert code_of(await import_file(api, stranger, account, "email\n")) == "404 NOT_FOUND"
    assert code_of(await import_file(api, None, account, "email\n")) == "401 UNAUTHENTICATED"
    for query in ("job(id: $id) { id }", "node(id: $id) { id }"):
        answer = await api.ask(f"query ($id: ID!) {{ {query} }}", stranger, id=job_id)
        assert list((answer.data or {"": None}).values()) == [None]
    assert await mutations.code_of(api, "contactImportCancel", stranger, jobId=job_id) == "NOT_FOUND"
    assert (await job_of(api, owner, job_id))["status"] == "WAITING"
