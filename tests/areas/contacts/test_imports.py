"""Files of contacts: uploaded, imported by a worker, and exported again."""

import json
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.contacts.imports import export, import_file, job_of, work_off_imports
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.world import Account, Person, World


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Person:
    return await world.member(account, BuiltinRole.OWNER)


_CONTACTS = """query ($id: ID!) { account(id: $id) { contacts(last: 100) { nodes {
  externalId email phoneCanonical attributes source lists { nodes { list { name } source } } } } } }"""


async def _contacts(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    """The oldest first."""
    found = (await api.read(_CONTACTS, caller, id=account.id))["account"]["contacts"]["nodes"]
    return list(reversed(found))


async def test_smoke(
    api: Api, world: World, account: Account, owner: Person, application: AsyncEngine
) -> None:
    await done(api, "contactAttributeCreate", owner, accountId=account.id, name="country", type="TEXT")
    await done(api, "contactAttributeCreate", owner, accountId=account.id, name="age", type="NUMBER")
    made = await done(
        api, "contactListCreate", owner, "contactList { id }", accountId=account.id, name="News"
    )
    list_id = made["contactList"]["id"]
    text = '\ufeffE-Mail;phone;externalId;country;age\r\nAda@Example.com;;1;SE;36\r\n;0701234567;2;"N;O";x\r\nnobody;;;;\r\nada@example.com;+46701234568;;;37\r\n'
    response = await import_file(
        api, owner, account, text, columns=json.dumps({"E-Mail": "email"}), lists=list_id, phoneCountry="SE"
    )
    print(response.status_code, response.text)
    await work_off_imports(application)
    print(await job_of(api, owner, response.json()["id"]))
    print(await _contacts(api, owner, account))
    print((await export(api, owner, accountId=account.id)).text)
    print((await export(api, owner, contactListId=list_id)).text)
