"""Contacts as a file."""

import asyncio
import csv
import io

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from authz.policy.builtin_roles import BuiltinRole
from server.exports import contacts as exports
from server.logs.broken_off import BrokenOff
from tests.areas.contacts.imports import export, imported, job_of, work_off_imports
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.contacts import give_contacts, give_listed_contact
from tests.world.recipients import code_of
from tests.world.world import World


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), strict=True))


async def test_all_pages_are_in_the_file(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    many = exports._PAGE + 3
    await give_contacts(world, account, many)
    response = await export(api, owner, accountId=account.id)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = _rows(response.text)
    assert head == ["externalId", "email", "phone", "source", "createdAt"]
    assert len(rows) == len({tuple(row) for row in rows}) == many


async def test_a_list_is_exported_by_itself(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    made = await give_listed_contact(world, account)
    await give_contacts(world, account, 2)
    list_id = f"clst_{account.key}_{made.list_key}"
    head, *rows = _rows((await export(api, owner, contactListId=list_id)).text)
    assert head == ["externalId", "email", "phone", "country", "source", "createdAt"]
    assert [row[:5] for row in rows] == [["", "ada@example.com", "", "SE", "a test"]]


async def test_no_cell_is_a_formula_and_an_import_reads_it_as_it_was(
    api: Api, world: World, application: AsyncEngine
) -> None:
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await world.member(other, BuiltinRole.ADMINISTRATOR, owner.person)
    values = {"text": '=HYPERLINK("http://x","y")', "number": -5, "vip": False, "day": "2026-03-31"}
    types = {"text": "TEXT", "number": "NUMBER", "vip": "BOOLEAN", "day": "DATE"}
    for of in (account, other):
        for name, type_ in types.items():
            await done(api, "contactAttributeCreate", owner, accountId=of.id, name=name, type=type_)
    addresses = {"email": "+a@example.com", "phone": "+46 70 123 45 67"}
    contact = {**addresses, "externalId": "@id", "attributes": values}
    await done(api, "contactUpsert", owner, accountId=account.id, contacts=[contact])
    text = (await export(api, owner, accountId=account.id)).text
    _, (row,) = _rows(text)[0], _rows(text)[1:]
    assert row[:7] == [
        "'@id",
        "'+a@example.com",
        "+46701234567",
        '\'=HYPERLINK("http://x","y")',
        "-5",
        "false",
        "2026-03-31",
    ]
    columns = '{"source": null, "createdAt": null}'
    job_id = await imported(api, owner, other, text, columns=columns)
    await work_off_imports(application, other)
    assert (await job_of(api, owner, job_id))["created"] == 1
    query = "query ($id: ID!) { account(id: $id) { contacts { nodes { externalId email attributes } } } }"
    shown = (await api.read(query, owner, id=other.id))["account"]["contacts"]["nodes"]
    assert shown == [{"externalId": "@id", "email": "+a@example.com", "attributes": values}]


async def test_who_may_not_see_contacts_gets_no_file(api: Api, world: World) -> None:
    account = await world.account()
    made = await give_listed_contact(world, account)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    list_id = f"clst_{account.key}_{made.list_key}"
    for query in ({"accountId": account.id}, {"contactListId": list_id}):
        assert code_of(await export(api, analyst, **query)) == "403 FORBIDDEN"
        assert code_of(await export(api, stranger, **query)) == "404 NOT_FOUND"
        assert code_of(await export(api, None, **query)) == "401 UNAUTHENTICATED"
    owner = await world.member(account, BuiltinRole.OWNER)
    both = {"accountId": account.id, "contactListId": list_id}
    assert code_of(await export(api, owner, **both)) == "400 BAD_USER_INPUT"
    assert code_of(await export(api, owner)) == "400 BAD_USER_INPUT"
    assert code_of(await export(api, owner, contactListId="clst_x")) == "404 NOT_FOUND"
    nothing = f"clst_{account.key}_{account.key}"
    assert code_of(await export(api, owner, contactListId=nothing)) == "404 NOT_FOUND"


@pytest.mark.parametrize(("ends", "code"), [("its key", "UNAUTHENTICATED"), ("its role", "NOT_FOUND")])
async def test_a_right_that_ends_on_the_way_ends_the_file(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch, ends: str, code: str
) -> None:
    """The rest never comes, and the client notices it. The log tells why, and it is no error."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    caller: Caller
    if ends == "its key":
        caller = key = await world.api_key(account, BuiltinRole.MARKETER)
        name, given = "apiKeyRevoke", {"apiKeyId": key.id}
    else:
        caller = member = await world.member(account, BuiltinRole.MARKETER)
        name, given = "memberRemove", {"memberId": member.id}
    await give_contacts(world, account, exports._PAGE + 1)
    page = exports.ContactsExport._page

    async def then_ended(*arguments: object) -> object:
        found = await page(*arguments)  # type: ignore[arg-type]
        if arguments[-1] is None:
            # In a task, as its request is another one than the export's.
            await asyncio.create_task(done(api, name, owner, **given))
        return found

    monkeypatch.setattr(exports.ContactsExport, "_page", then_ended)
    with capture_logs() as lines, pytest.raises(BrokenOff):
        await export(api, caller, accountId=account.id)
    (broken,) = [line for line in lines if line["event"] == "export broken off"]
    assert broken == {"event": "export broken off", "log_level": "warning", "code": code}
    (request,) = [line for line in lines if line.get("path") == "/contacts"]
    assert (request["status"], request["codes"]) == (200, {code: 1})
