"""Who writes contacts without the right to see them, and servers that have no key for addresses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.contacts.asking import contacts_of, create_list, upserted
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.world.contacts import contact_id, contact_list_id, give_contact, give_contact_list
from tests.world.world import Account, Member, World

_BLIND = "ACCOUNT_READ CONTACTS_WRITE"


@pytest.fixture
async def writer(world: World, account: Account) -> Member:
    """Somebody who may write contacts and not read them."""
    return await world.member(account, await world.role(account, _BLIND))


async def test_a_payload_shows_no_contact_to_who_may_not_see_it(
    api: Api, world: World, account: Account, marketer: Member, writer: Member
) -> None:
    """It is changed all the same; to others the same payload shows it."""
    contact = contact_id(account, await give_contact(world, account, "ada@example.com"))
    list_ = contact_list_id(account, await give_contact_list(world, account, "News"))
    asked: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "contactUpdate",
            "contact",
            "email lists { totalCount }",
            {"contactId": contact, "expectedVersion": 1, "externalId": "1"},
        ),
        (
            "contactListUpdate",
            "contactList",
            "name contacts { nodes { email } }",
            {"contactListId": list_, "expectedVersion": 1, "name": "Newer"},
        ),
        ("contactListCreate", "contactList", "name", {"accountId": account.id, "name": "Offers"}),
    ]
    for mutation, field, inside, values in asked:
        shown = f"{field} {{ {inside} }}"
        assert (await done(api, mutation, writer, shown, **values))[field] is None
    attribute = {"accountId": account.id, "name": "city", "type": "TEXT"}
    shown = "contactAttribute { name }"
    made = await done(api, "contactAttributeCreate", writer, shown, **attribute)
    assert made["contactAttribute"] is None
    (stored,) = await contacts_of(api, marketer, account)
    assert (stored["externalId"], stored["version"]) == ("1", 2)
    values = {"contactId": contact, "externalId": "2"}
    seen = await done(api, "contactUpdate", marketer, "contact { email }", **values)
    assert seen["contact"] == {"email": "ada@example.com"}


async def test_who_may_not_see_contacts_reads_them_by_no_way(
    api: Api, world: World, account: Account, writer: Member
) -> None:
    contact = contact_id(account, await give_contact(world, account, "ada@example.com"))
    list_ = contact_list_id(account, await give_contact_list(world, account, "News"))
    nodes = await api.read("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", writer, ids=[contact, list_])
    assert nodes["nodes"] == [None, None]
    for field in ("contacts { totalCount }", "contactLists { totalCount }", "contactAttributes { name }"):
        answer = await api.ask(
            f"query ($id: ID!) {{ account(id: $id) {{ {field} }} }}", writer, id=account.id
        )
        assert (list(answer.data["account"].values()), answer.codes) == ([None], ["FORBIDDEN"])
    shown = "account { contacts { totalCount } }"
    values = {"accountId": account.id, "contacts": [{"email": "bo@example.com"}]}
    made = await attempt(api, "contactUpsert", writer, shown, **values)
    assert (made.payload["account"], made.code) == ({"contacts": None}, "FORBIDDEN")


async def test_a_key_of_the_account_above_writes_too(api: Api, world: World, account: Account) -> None:
    """CONTACTS_WRITE passes down as all rights of administrators do."""
    above = Account(account.path[-1], account.master, "Above", account.path[:-1])
    key = await world.api_key(above)
    await upserted(api, key, account, {"email": "ada@example.com"})
    await create_list(api, key, account, "News")


@pytest.fixture
async def keyless(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """A server without a key for addresses."""
    app = create_app(
        settings.model_copy(update={"contact_key": None, "database_url": addresses.application}),
        addresses.application,
    )
    async with Api.of(app) as found, app.router.lifespan_context(app):
        yield found


async def test_without_a_key_no_address_is_stored(
    api: Api, keyless: Api, world: World, account: Account, marketer: Member
) -> None:
    """What needs none is done."""
    (contact,) = await upserted(api, marketer, account, {"email": "ada@example.com"})
    before = await world.state(account)
    values = {"accountId": account.id, "contacts": [{"email": "bo@example.com"}]}
    refused = await attempt(keyless, "contactUpsert", marketer, **values)
    assert refused.code == "SENDS_UNAVAILABLE"
    refused = await attempt(keyless, "contactUpdate", marketer, contactId=contact, email="bo@example.com")
    assert refused.code == "SENDS_UNAVAILABLE"
    assert await world.state(account) == before
    await create_list(keyless, marketer, account, "News")
    assert len(await contacts_of(keyless, marketer, account)) == 1
    await done(keyless, "contactErase", marketer, contactId=contact)
