"""Attributes that end: nobody sees their values any more, and workers remove them."""

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.accounts.tables import AccountStatus, accounts
from models.base.ids import new_id
from models.contacts.tables import contact_attributes, contacts
from resolvers.contacts.jobs import attribute_removal
from tests.areas.contacts.asking import contacts_of, create_attribute, outcomes, refused, upsert, upserted
from tests.areas.contacts.imports import export, imported, job_of, work_off_imports
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.contacts import KEEP_VALUES, give_contacts
from tests.world.world import Account, Member, World

_SHOWN = """query ($id: ID!) { account(id: $id) { contactAttributes { name }
  contacts { nodes { attributes version } }
  having: contacts(attribute: "city") { totalCount nodes { email } }
  lund: contacts(attribute: "city", value: "Lund") { totalCount nodes { email } } } }"""
_DATA = "query ($id: ID!, $address: String!) { personalData(accountId: $id, address: $address) }"


async def _ada(api: Api, marketer: Member, account: Account) -> None:
    """A contact from Lund, who is a VIP."""
    for name, type_ in (("city", "TEXT"), ("vip", "BOOLEAN")):
        await create_attribute(api, marketer, account, name, type_)
    values = {"city": "Lund", "vip": True}
    await upserted(api, marketer, account, {"email": "ada@example.com", "attributes": values})


async def _delete(api: Api, marketer: Member, account: Account, name: str = "city") -> str:
    """The id of the job."""
    shown = "removedName account { id } job { id kind status }"
    deleted = await done(api, "contactAttributeDelete", marketer, shown, accountId=account.id, name=name)
    assert (deleted["removedName"], deleted["account"]["id"]) == (name, account.id)
    assert (deleted["job"]["kind"], deleted["job"]["status"]) == ("ATTRIBUTE_DELETION", "WAITING")
    return str(deleted["job"]["id"])


async def _stored(world: World, account: Account) -> list[dict[str, Any]]:
    """The values of the contacts as the table has them."""
    statement = select(contacts.c.attributes).where(contacts.c.account_id == account.key)
    async with world.database.connect() as connection:
        return list((await connection.execute(statement.order_by(contacts.c.id))).scalars())


@pytest.mark.parametrize("path", Path)
async def test_values_are_hidden_at_once_and_removed_by_a_worker(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine, path: Path
) -> None:
    """By lists, filters, exports and the person's own data."""
    await _ada(api, marketer, account)
    job_id = await _delete(api, marketer, account)
    assert await _stored(world, account) == [{"city": "Lund", "vip": True}]
    for is_removed in (False, True):
        found = (await api.read(path.of(_SHOWN), marketer, id=account.id))["account"]
        assert found["contactAttributes"] == [{"name": "vip"}]
        assert found["contacts"]["nodes"] == [{"attributes": {"vip": True}, "version": 1}]
        nobody: dict[str, Any] = {"totalCount": 0, "nodes": []}
        assert (found["having"], found["lund"]) == (nobody, nobody)
        assert "Lund" not in (await export(api, marketer, accountId=account.id)).text
        data = await api.read(_DATA, marketer, id=account.id, address="ada@example.com")
        assert data["personalData"]["contact"]["attributes"] == {"vip": True}
        if not is_removed:
            await work_off_imports(application, account)
    assert await _stored(world, account) == [{"vip": True}]
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["progress"]) == ("DONE", {"done": None, "total": None})
    key = await world.api_key(account)
    last = (await events_of(api, key, account.id, "CONTACT_ATTRIBUTE_DELETED"))[0]
    assert (last["before"], last["after"]) == ({"name": "city", "type": "TEXT"}, None)


async def test_a_new_attribute_of_the_name_shows_no_old_value(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """It can be created once the old values are gone. Contacts that change meanwhile bring none back."""
    await _ada(api, marketer, account)
    await _delete(api, marketer, account)
    again = {"accountId": account.id, "name": "city", "type": "NUMBER"}
    assert await refused(api, "contactAttributeCreate", marketer, **again) == ("CONFLICT", "name")
    (result,) = await upsert(
        api, marketer, account, {"email": "ada@example.com", "attributes": {"city": "Malmö"}}
    )
    assert (result.code, result.field) == ("BAD_USER_INPUT", "attributes.city")
    ada = {"email": "ada@example.com", "phone": "+46701234567", "attributes": {"vip": False}}
    assert await outcomes(api, marketer, account, ada) == ["UPDATED"]
    await work_off_imports(application, account)
    await create_attribute(api, marketer, account, "city", "NUMBER")
    (contact,) = await contacts_of(api, marketer, account)
    assert contact["attributes"] == {"vip": False}
    ada["attributes"] = {"city": 5}
    assert await outcomes(api, marketer, account, ada) == ["UPDATED"]
    assert await _stored(world, account) == [{"vip": False, "city": 5}]


async def test_batches_pass_all_contacts_once(
    api: Api,
    world: World,
    account: Account,
    marketer: Member,
    application: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also those that an account of the same tree has beside, which stay as they are."""
    monkeypatch.setattr(attribute_removal, "_BATCH", 7)
    other = await world.account(account)
    for each in (account, other):
        keys = await give_contacts(world, each, 23)
        values = {"attributes": {"city": "Lund", "vip": True}}
        async with world.database.begin() as connection:
            named = contacts.c.account_id == each.key, contacts.c.id.in_(keys[1::2])
            await connection.execute(update(contacts).where(*named).values(values))
            await connection.execute(KEEP_VALUES)
            place = {"master_id": each.master, "account_id": each.key}
            rows = [{**place, "id": new_id(), "name": name, "type": "TEXT"} for name in ("city", "vip")]
            await connection.execute(insert(contact_attributes), rows)
    before = await _stored(world, account)
    besides = await _stored(world, other)
    await _delete(api, marketer, account)
    await work_off_imports(application, account)
    expected = [{name: value for name, value in each.items() if name != "city"} for each in before]
    assert await _stored(world, account) == expected
    assert await _stored(world, other) == besides
    await create_attribute(api, marketer, account, "city", "DATE")


async def test_no_attribute_of_the_name(api: Api, account: Account, marketer: Member) -> None:
    await create_attribute(api, marketer, account, "city", "TEXT")
    for name, refusal in (("City", "NOT_FOUND"), ("town", "NOT_FOUND"), ("", "BAD_USER_INPUT")):
        values = {"accountId": account.id, "name": name}
        assert await refused(api, "contactAttributeDelete", marketer, **values) == (refusal, "name")
    await _delete(api, marketer, account)
    gone = {"accountId": account.id, "name": "city"}
    assert await refused(api, "contactAttributeDelete", marketer, **gone) == ("NOT_FOUND", "name")


async def test_an_import_meets_a_deleted_attribute(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    """Its rows are refused, with the line, and the values of the attribute are removed all the same."""
    await _ada(api, marketer, account)
    rows = "email,city\nbo@example.com,Malmö\ncy@example.com,\n"
    job_id = await imported(api, marketer, account, rows)
    await _delete(api, marketer, account)
    await work_off_imports(application, account)
    job = await job_of(api, marketer, job_id)
    assert (job["status"], job["created"], job["refused"]) == ("DONE", 1, 1)
    ((line, reason),) = [(each["line"], each["reason"]) for each in job["errors"]["nodes"]]
    assert (line, reason.partition(":")[0]) == (2, "attributes.city")
    assert await _stored(world, account) == [{"vip": True}, {}]


async def test_a_suspended_account_loses_the_values_too(
    api: Api, world: World, account: Account, marketer: Member, application: AsyncEngine
) -> None:
    await _ada(api, marketer, account)
    await _delete(api, marketer, account)
    async with world.database.begin() as connection:
        suspended = {"status": AccountStatus.SUSPENDED.value}
        await connection.execute(update(accounts).where(accounts.c.id == account.key).values(suspended))
    await work_off_imports(application, account)
    assert await _stored(world, account) == [{"vip": True}]
