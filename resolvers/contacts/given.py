"""Contacts as clients give them, and the same once their addresses are read."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.base.ids import AccountId, Kind
from resolvers.inputs.address_digests import ContactDigest, ContactKey, digest_of
from resolvers.inputs.emails import email_address
from resolvers.inputs.global_ids import required_in_account
from resolvers.inputs.phones import phone_number
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged

MOST_IN_A_REQUEST = 1_000
"""The most contacts of one request."""

MOST_LISTS_OF_A_CONTACT = 100
"""That one contact can be added to, or removed from, in a request."""


@dataclass(frozen=True, kw_only=True)
class GivenContact:
    """New values of a contact. What is UNCHANGED stays; None removes."""

    external_id: str | Unchanged | None = UNCHANGED
    email: str | Unchanged | None = UNCHANGED
    phone: str | Unchanged | None = UNCHANGED
    attributes: object = field(default_factory=dict)
    """Values by name, if it is as it should be. What is not in it stays."""
    add_to_lists: Sequence[str] = ()
    remove_from_lists: Sequence[str] = ()


class Address(NamedTuple):
    """An e-mail address or a phone number: as it was given, as it is compared, and what outlives it."""

    original: str
    canonical: str
    digest: ContactDigest


@dataclass(frozen=True, kw_only=True)
class ReadContact:
    """The same with its addresses and ids read. Attributes are read once their types are known."""

    external_id: str | Unchanged | None
    email: Address | Unchanged | None
    phone: Address | Unchanged | None
    attributes: Mapping[str, object]
    add_to_lists: frozenset[uuid.UUID]
    remove_from_lists: frozenset[uuid.UUID]


@dataclass(frozen=True)
class AddressReader:
    """Reads contacts of an account. `country`: whose national phone numbers are meant; None: there are
    none."""

    key: ContactKey
    account_id: AccountId
    country: str | None

    def read(self, given: GivenContact, lists: frozenset[uuid.UUID] = frozenset()) -> ReadContact:
        """Read it; `lists`: what it is added to beside its own. Raises BAD_USER_INPUT, and NOT_FOUND for a
        list that is none of the account's. The refusal's field names the value."""
        added = lists | self.lists(given.add_to_lists, "addToLists")
        removed = self.lists(given.remove_from_lists, "removeFromLists")
        if added & removed:
            message = "A contact cannot be added to a list and removed from it at once."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "removeFromLists")
        if not isinstance(given.attributes, Mapping):
            message = "Must be an object of values by the attributes' names."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "attributes")
        id_, email, phone = given.external_id, given.email, given.phone
        return ReadContact(
            external_id=visible_text(id_, "externalId") if isinstance(id_, str) else id_,
            email=self._email(email) if isinstance(email, str) else email,
            phone=self._phone(phone) if isinstance(phone, str) else phone,
            attributes=given.attributes,
            add_to_lists=added,
            remove_from_lists=removed,
        )

    def _email(self, text: str) -> Address:
        found = email_address(text)
        return Address(found.original, found.canonical, digest_of(self.key, found.canonical))

    def _phone(self, text: str) -> Address:
        found = phone_number(text, self.country)
        return Address(found.original, found.canonical, digest_of(self.key, found.canonical))

    def lists(self, texts: Sequence[str], field: str) -> frozenset[uuid.UUID]:
        """Their ids. Raises NOT_FOUND for one that is none of the account's."""
        if not texts:
            return frozenset()
        if len(texts) > MOST_LISTS_OF_A_CONTACT:
            message = f"At most {MOST_LISTS_OF_A_CONTACT} lists."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
        found = [required_in_account(Kind.CONTACT_LIST, text, field) for text in texts]
        if any(each.account_id != self.account_id for each in found):
            raise NotFound(field)
        return frozenset(each.id for each in found)
