"""The rows of the area `contacts` in the tables that have one for each mutation, table or id."""

import uuid

from models.base.ids import Kind, present
from models.contacts.tables import contact_lists, contacts
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input, unused_address
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import deleted, kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.contacts import (
    contact_id,
    contact_list_id,
    give_contact_list,
    give_full_contact,
    give_import,
    give_listed_contact,
)
from tests.world.world import Account, World

CONSEQUENCES = {
    "contactUpsert": NO_CONSEQUENCE,
    "contactUpdate": NO_CONSEQUENCE,
    "contactErase": NO_CONSEQUENCE,
    "contactListCreate": NO_CONSEQUENCE,
    "contactListUpdate": NO_CONSEQUENCE,
    "contactListDelete": NO_CONSEQUENCE,
    "contactAttributeCreate": NO_CONSEQUENCE,
    "contactAttributeDelete": NO_CONSEQUENCE,
    "contactImportCancel": NO_CONSEQUENCE,
}


STATUSES = {
    "contactUpsert": Row(NEEDS_ACTIVE),
    "contactUpdate": Row(NEEDS_ACTIVE),
    "contactErase": Row(TAKES_AWAY),
    "contactListCreate": Row(NEEDS_ACTIVE),
    "contactListUpdate": Row(NEEDS_ACTIVE),
    "contactListDelete": Row(NEEDS_ACTIVE),
    "contactAttributeCreate": Row(NEEDS_ACTIVE),
    "contactAttributeDelete": Row(NEEDS_ACTIVE),
    "contactImportCancel": Row(TAKES_AWAY),
}


BOUNDS = {
    "contact_attributes": one_each("at most 100 of an account"),
    "contact_import_errors": deleted("why rows were refused, at most 10,000 of an import"),
    "contact_import_parts": one_each("what is left of an import; workers delete it"),
    "contact_jobs": kept("what an account has imported"),
    "contact_list_members": one_each("the lists of a contact"),
    "contact_lists": kept("which lists an account has made, until 30 days after it is closed"),
    "contacts": kept("whom an account writes to, until it removes them, or 30 days after it is closed"),
}


REMOVES = {
    "contactErase": "removedContactId",
    "contactListDelete": "removedContactListId",
    "contactAttributeDelete": "removedName",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    contact = {"contactId": place.objects[Kind.CONTACT]}
    list_ = {"contactListId": place.objects[Kind.CONTACT_LIST]}
    other_list = contact_list_id(place.account, _other_list(place.account))
    values = {
        "externalId": "7",
        "email": unused_address(place),
        "phone": "08 123 456 78",
        "attributes": {"country": "DE"},
        "addToLists": [other_list],
        "removeFromLists": [place.objects[Kind.CONTACT_LIST]],
    }
    return {
        "contactUpsert": account | {"contacts": [values], "source": "A form", "phoneCountry": "SE"},
        "contactUpdate": contact | values | {"expectedVersion": 1, "phoneCountry": "SE"},
        "contactErase": contact,
        "contactListCreate": account | {"name": "News", "externalId": "8"},
        "contactListUpdate": list_ | {"expectedVersion": 1, "name": "News", "externalId": "8"},
        "contactListDelete": list_,
        "contactAttributeCreate": account | {"name": "city", "type": "TEXT"},
        "contactAttributeDelete": account | {"name": "country"},
        "contactImportCancel": {"jobId": place.objects[Kind.CONTACT_JOB]},
    }


ID_FIELDS = {
    "contactId": Kind.CONTACT,
    "contactListId": Kind.CONTACT_LIST,
    "addToLists": Kind.CONTACT_LIST,
    "removeFromLists": Kind.CONTACT_LIST,
    "jobId": Kind.CONTACT_JOB,
}


def _other_list(account: Account) -> uuid.UUID:
    """A list that the account has beside the one of its contact."""
    return uuid.uuid5(account.key, "another list")


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    made = await give_listed_contact(world, account)
    await give_contact_list(world, account, "Another", _other_list(account))
    return {
        Kind.CONTACT: contact_id(account, made.key),
        Kind.CONTACT_LIST: contact_list_id(account, made.list_key),
        Kind.CONTACT_JOB: present(Kind.CONTACT_JOB, await give_import(world, account)),
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_listed_contact(world, tree.master)
    await give_import(world, tree.master)


async def _contact(world: World, brand: Brand) -> Updated:
    made = await give_full_contact(world, brand.us)
    return Updated({"contactId": contact_id(brand.us, made.key)}, contacts.c.id == made.key)


async def _list(world: World, brand: Brand) -> Updated:
    key = await give_contact_list(world, brand.us, "Newsletter", external_id="7")
    return Updated({"contactListId": contact_list_id(brand.us, key)}, contact_lists.c.id == key)


async def _new_list(world: World, brand: Brand) -> list[str]:
    return [contact_list_id(brand.us, await give_contact_list(world, brand.us, "Another"))]


UPDATES = {
    "contactUpdate": Update(
        contacts,
        _contact,
        {
            "externalId": Field("8", ("external_id",), None),
            "email": Field("Bo@example.com", ("email", "email_canonical", "email_digest"), None),
            "phone": Field("+49 30 1234567", ("phone", "phone_canonical", "phone_digest"), None),
            "attributes": Field({"country": "DE"}, ("attributes",), Null.REFUSED),
            "addToLists": Field(_new_list, (), Null.NOTHING),
            "removeFromLists": Field(_new_list, (), Null.NOTHING),
            "phoneCountry": Field("SE", (), Null.NOTHING),
        },
    ),
    "contactListUpdate": Update(
        contact_lists,
        _list,
        {
            "name": Field("News", ("name",), Null.REFUSED),
            "externalId": Field("8", ("external_id",), None),
        },
    ),
}
