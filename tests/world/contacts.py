"""Contacts and their lists, written straight into the database."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, text, update

from models.base.ids import Kind, new_id, present_in_account
from models.contacts.jobs import contact_import_errors, contact_import_parts, contact_jobs
from models.contacts.tables import (
    AttributeType,
    contact_attributes,
    contact_list_members,
    contact_lists,
    contacts,
)
from resolvers.inputs.address_digests import ContactDigest, ContactKey, digest_of
from resolvers.inputs.emails import email_address
from tests.world.world import Account, World

CONTACT_KEY = ContactKey(b"a secret of the tests")
"""The server's key, in tests."""


VALUES = """
SELECT master_id, account_id, name, id, substr(sha256(convert_to(name || '=' || value, 'UTF8')), 1, 8)
FROM contacts, jsonb_each_text(attributes) AS kept (name, value) WHERE value IS NOT NULL
"""
"""The rows of contact_values that the contacts should have."""
KEEP_VALUES = text(
    f"INSERT INTO contact_values (master_id, account_id, name, contact_id, digest) {VALUES} "
    "ON CONFLICT DO NOTHING"
)


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
        await connection.execute(insert(contacts).values(**_by_mail(account, made.key, email, country="SE")))
        await connection.execute(KEEP_VALUES)
        await connection.execute(
            insert(contact_lists).values(**place, id=made.list_key, name="Newsletter", version=1)
        )
        await connection.execute(
            insert(contact_list_members).values(
                **place, contact_list_id=made.list_key, contact_id=made.key, source="a test"
            )
        )
    return made


async def give_contact(world: World, account: Account, email: str) -> uuid.UUID:
    """The account has a contact with this address, in no list."""
    key = new_id()
    async with world.database.begin() as connection:
        await connection.execute(insert(contacts).values(**_by_mail(account, key, email)))
    return key


async def give_phone_contact(world: World, account: Account, phone: str) -> uuid.UUID:
    """The account has a contact with this number and no address."""
    key = new_id()
    place = {"master_id": account.master, "account_id": account.key, "id": key}
    number: dict[str, Any] = {"phone": phone, "phone_canonical": phone, "phone_digest": _digest(phone)}
    number |= {"attributes": {}, "source": "a test", "version": 1}
    async with world.database.begin() as connection:
        await connection.execute(insert(contacts).values(**place, **number))
    return key


async def give_full_contact(world: World, account: Account) -> ListedContact:
    """The same with a phone number and an id of the customer."""
    made = await give_listed_contact(world, account)
    phone = "+4612345678"
    values = {"external_id": "7", "phone": phone, "phone_canonical": phone, "phone_digest": _digest(phone)}
    async with world.database.begin() as connection:
        await connection.execute(update(contacts).where(contacts.c.id == made.key).values(values))
    return made


async def give_contact_list(
    world: World,
    account: Account,
    name: str,
    key: uuid.UUID | None = None,
    external_id: str | None = None,
) -> uuid.UUID:
    """The account has a contact list of this name."""
    made = key or new_id()
    values = {"master_id": account.master, "account_id": account.key, "id": made, "name": name}
    async with world.database.begin() as connection:
        await connection.execute(insert(contact_lists).values(**values, external_id=external_id, version=1))
    return made


async def give_attribute(
    world: World, account: Account, name: str, type_: AttributeType = AttributeType.TEXT
) -> str:
    """The account keeps this of its contacts. The name."""
    values = {"master_id": account.master, "account_id": account.key, "id": new_id(), "type": type_.value}
    async with world.database.begin() as connection:
        await connection.execute(insert(contact_attributes).values(**values, name=name))
    return name


async def give_memberships(world: World, account: Account, members: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """The account has an attribute of each type and three lists: all of the contacts are in the first one,
    every third one is in the second. The lists."""
    lists = [await give_contact_list(world, account, name) for name in ("News", 'Ω "offers"', "Empty")]
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    pairs = [(list_, key) for step, list_ in ((1, lists[0]), (3, lists[1])) for key in members[::step]]
    async with world.database.begin() as connection:
        kept = [place | {"id": new_id(), "name": type_.name, "type": type_.value} for type_ in AttributeType]
        await connection.execute(insert(contact_attributes), kept)
        rows = [place | {"contact_list_id": one, "contact_id": key, "source": "a test"} for one, key in pairs]
        await connection.execute(insert(contact_list_members), rows)
    return lists


async def give_contacts(world: World, account: Account, many: int, domains: int = 1) -> list[uuid.UUID]:
    """The account has so many contacts, of every kind and with odd values. The oldest first. `domains`: of
    their addresses."""
    rows = [_contact(account, number, domains) for number in range(many)]
    if rows:
        async with world.database.begin() as connection:
            await connection.execute(insert(contacts), rows)
            await connection.execute(KEEP_VALUES)
    return [row["id"] for row in rows]


def contact_id(account: Account, key: uuid.UUID) -> str:
    """As clients see it."""
    return present_in_account(Kind.CONTACT, account.key, key)


def contact_list_id(account: Account, key: uuid.UUID) -> str:
    """As clients see it."""
    return present_in_account(Kind.CONTACT_LIST, account.key, key)


def _by_mail(account: Account, key: uuid.UUID, email: str, **attributes: str) -> dict[str, Any]:
    return {
        "master_id": account.master,
        "account_id": account.key,
        "id": key,
        "email": email,
        "email_canonical": email.lower(),
        "email_digest": _digest(email.lower()),
        "attributes": attributes,
        "source": "a test",
        "version": 1,
    }


def _digest(canonical: str) -> ContactDigest:
    return digest_of(CONTACT_KEY, canonical)


_ODD: tuple[dict[str, Any], ...] = (
    {},
    {"name": 'Ω "quoted" \\ \x01 \u2028', "empty": None},
    {"a": {"b": [1, -2, True]}, "big": 2**53 + 1},
)


def _contact(account: Account, number: int, domains: int) -> dict[str, Any]:
    by_mail, by_phone = number % 3 != 1, number % 3 != 0
    address, phone = f"Ann.{number}@bücher{number % domains or ''}.example", f"+4670000{number:04}"
    canonical = email_address(address).canonical
    return {
        "master_id": account.master,
        "account_id": account.key,
        "id": new_id(),
        "external_id": f"'{number}\"" if number % 2 else None,
        "email": address if by_mail else None,
        "email_canonical": canonical if by_mail else None,
        "email_digest": _digest(canonical) if by_mail else None,
        "phone": f"0{number} / 🦊" if by_phone else None,
        "phone_canonical": phone if by_phone else None,
        "phone_digest": _digest(phone) if by_phone else None,
        "attributes": _ODD[number % len(_ODD)],
        "source": "a test",
        "version": number + 1,
    }


async def give_import(world: World, account: Account, status: str = "WAITING") -> uuid.UUID:
    """The account has an import, with a part that is left and a row that was refused."""
    place = {"master_id": account.master, "account_id": account.key}
    job_id = new_id()
    plan = {"columns": ["email"], "lists": [], "source": "a test", "country": None}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(contact_jobs).values(
                **place, id=job_id, kind="IMPORT", status=status, plan=plan, total=2, acting_from=account.key
            )
        )
        await connection.execute(
            insert(contact_import_parts).values(
                **place, id=new_id(), job_id=job_id, part=0, rows=b'[[2, "ann@example.com"]]'
            )
        )
        await connection.execute(
            insert(contact_import_errors).values(
                **place, id=new_id(), job_id=job_id, line=3, reason="It is no address."
            )
        )
    return job_id
