"""Whom the demo's accounts write to: the first of their readers, with what an account keeps of them, in two
lists."""

from collections.abc import Iterator

from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present_in_account
from models.contacts.tables import AttributeType
from resolvers.contacts.attribute_creation import AttributeCreation, create_attribute
from resolvers.contacts.given import GivenContact
from resolvers.contacts.lists import ContactListCreation, create_list
from resolvers.contacts.upsert import ContactUpsert, upsert_contacts
from resolvers.inputs.address_digests import ContactKey
from server.demo.sending import Keeper

_MANY = 24
"""Contacts of an account."""
_ATTRIBUTES = {
    "country": AttributeType.TEXT,
    "visits": AttributeType.NUMBER,
    "since": AttributeType.DATE,
    "vip": AttributeType.BOOLEAN,
}
_COUNTRIES = ("SE", "DE", "GB")


async def make_contacts(session: WriteSession, keeper: Keeper, key: ContactKey, first: int) -> None:
    """The account's attributes, lists and contacts; `first`: the number of the first contact."""
    principal, account_id = keeper.principal, keeper.account_id
    for name, type_ in _ATTRIBUTES.items():
        attribute = AttributeCreation(account_id=account_id, name=name, type=type_)
        await create_attribute(session, principal, attribute)
    lists = [await _list(session, keeper, name) for name in ("Newsletter", "Offers")]
    given = list(_readers(first, *lists))
    command = ContactUpsert(account_id=account_id, contacts=given, source="Sign-up form", country=None)
    await upsert_contacts(session, principal, key, command)


async def _list(session: WriteSession, keeper: Keeper, name: str) -> str:
    command = ContactListCreation(account_id=keeper.account_id, name=name, external_id=None)
    made = await create_list(session, keeper.principal, command)
    return present_in_account(Kind.CONTACT_LIST, keeper.account_id, made.list_id)


def _readers(first: int, newsletter: str, offers: str) -> Iterator[GivenContact]:
    for number in range(first, first + _MANY):
        yield GivenContact(
            external_id=f"R-{number}",
            email=f"reader{number}@example.com",
            phone=f"+4670174{number:04}" if number % 4 == 0 else None,
            attributes={
                "country": _COUNTRIES[number % len(_COUNTRIES)],
                "visits": number % 7,
                "since": f"2025-0{1 + number % 9}-01",
                "vip": number % 5 == 0,
            },
            add_to_lists=[newsletter, offers] if number % 3 == 0 else [newsletter],
        )
