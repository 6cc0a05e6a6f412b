"""Contacts and their lists, written straight into the database."""

import uuid
from dataclasses import dataclass

from sqlalchemy import insert

from models.base.ids import new_id
from models.contacts.tables import (
    AttributeType,
    contact_attributes,
    contact_list_members,
    contact_lists,
    contacts,
)
from tests.world.world import Account, World


@dataclass(frozen=True)
class ListedContact:
    """A contact, and the list that it is in."""

    key: uuid.UUID
    list_key: uuid.UUID


async def give_listed_contact(
    world: World, account: Account, email: str = "ada@example.com"
) -> ListedContact:
    """The account has a contact with an attribute, in a list."""
    made = ListedContact(new_id(), new_id())
    place = {"master_id": account.master, "account_id": account.key}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(contact_attributes).values(
                **place, id=new_id(), name="country", type=AttributeType.TEXT.value
            )
        )
        await connection.execute(
            insert(contacts).values(
                **place,
                id=made.key,
                email=email,
                email_canonical=email,
                attributes={"country": "SE"},
                source="a test",
                version=1,
            )
        )
        await connection.execute(
            insert(contact_lists).values(**place, id=made.list_key, name="Newsletter", version=1)
        )
        await connection.execute(
            insert(contact_list_members).values(
                **place, contact_list_id=made.list_key, contact_id=made.key, source="a test"
            )
        )
    return made
