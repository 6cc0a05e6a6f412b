"""What of storing contacts needs no lock. Where there are many, a thread does it before anybody waits."""

import uuid
from collections.abc import Mapping, Set
from dataclasses import dataclass

from authz.policy.refusals import NotFound, Refusal
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from models.contacts.tables import AttributeType
from resolvers.contacts.attributes import read_attributes, types_of
from resolvers.contacts.given import ReadContact
from resolvers.contacts.storing.inserting import FreshContacts, fresh_contacts
from resolvers.contacts.storing.matching import Wanted, by_themselves
from resolvers.contacts.storing.memberships import known_lists


@dataclass(frozen=True)
class Known:
    """What an account had at a moment: the types of its attributes by name, and which of the `named` contact
    lists it had."""

    types: Mapping[str, AttributeType]
    named: frozenset[uuid.UUID]
    lists: frozenset[uuid.UUID]


@dataclass(frozen=True)
class PreparedContacts:
    """Contacts by their positions, as `known` allows. `refused`: why others are not. `fresh`: those that can
    be inserted if the account has nothing of them."""

    given: Mapping[int, ReadContact]
    known: Known
    wanted: Mapping[int, Wanted]
    refused: Mapping[int, Refusal]
    fresh: FreshContacts


async def read_known(session: WriteSession, account: Place, named: frozenset[uuid.UUID]) -> Known:
    """What the account has now. The session is in the data plane."""
    types = await types_of(session, account)
    return Known(types, named, frozenset(await known_lists(session, account, named)))


def prepare(given: Mapping[int, ReadContact], known: Known) -> PreparedContacts:
    """Read their attributes, and write those that may be new as rows."""
    wanted: dict[int, Wanted] = {}
    refused: dict[int, Refusal] = {}
    for index, contact in given.items():
        try:
            check_lists(contact, known.lists)
            wanted[index] = Wanted(index, contact, read_attributes(contact.attributes, known.types))
        except Refusal as refusal:
            refused[index] = refusal
    fresh = fresh_contacts(by_themselves(list(wanted.values())))
    return PreparedContacts(given, known, wanted, refused, fresh)


async def prepared_now(
    session: WriteSession, account: Place, given: Mapping[int, ReadContact]
) -> PreparedContacts:
    """Contacts as the account allows now."""
    named: frozenset[uuid.UUID] = frozenset().union(
        *{each.add_to_lists | each.remove_from_lists for each in given.values()}
    )
    return prepare(given, await read_known(session, account, named))


async def prepared_again(
    session: WriteSession, account: Place, earlier: PreparedContacts
) -> PreparedContacts:
    """Contacts that were prepared earlier, as the account allows now. Mostly nothing has changed."""
    known = await read_known(session, account, earlier.known.named)
    return earlier if known == earlier.known else prepare(earlier.given, known)


def check_lists(contact: ReadContact, known: Set[uuid.UUID]) -> None:
    """Raise NOT_FOUND for a list that the account does not have."""
    for ids, field in (
        (contact.add_to_lists, "addToLists"),
        (contact.remove_from_lists, "removeFromLists"),
    ):
        if not ids <= known:
            raise NotFound(field)
