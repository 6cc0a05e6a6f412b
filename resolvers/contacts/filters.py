"""Which of an account's contacts are listed, and in which order.

Behind row level security a condition uses an index only if it reveals nothing of the rows that the wall
refuses. Comparisons do so; LIKE, and what looks into JSON, do not.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text

from authz.policy.refusals import Refusal, RefusalCode
from engine.base.field_errors import BadArgument
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.base.ids import Kind
from models.contacts.tables import ADDRESS_LENGTH, contacts
from resolvers.contacts.attribute_reads import is_shown
from resolvers.contacts.statuses import ContactStatus, has_status
from resolvers.contacts.storing.value_digests import digest_of_value
from resolvers.inputs.emails import email_address
from resolvers.inputs.filters import given_text
from resolvers.inputs.global_ids import IdText, in_account_of_kind
from resolvers.inputs.phones import number_of_filter
from resolvers.inputs.text import visible_text

NEWEST_FIRST = Order("contacts", (contacts.c.id,), descending=True)
_BY_EMAIL = Order("contacts.email", (contacts.c.email_canonical,))
"""Of those that have an address. No two contacts of an account have the same."""

_LAST = "\U0010ffff"
"""No character comes behind it."""


_IN_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f]|@.*@")


def _email(text: str, argument: str) -> str:
    return email_address(text, argument).canonical


def _prefix(text: str, argument: str) -> str:
    prefix = unicodedata.normalize("NFKC", text.strip()).lower()
    if len(prefix) > ADDRESS_LENGTH or _IN_NO_ADDRESS.search(prefix):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "No e-mail address begins so.", argument)
    return prefix


InList = Annotated[
    IdText | None, in_account_of_kind(Kind.CONTACT_LIST), Described("Only contacts in this contact list.")
]
Email = Annotated[
    ColumnElement[str] | None,
    given_text(_email, "email"),
    Described("The contact with this e-mail address, in any spelling of it."),
]
EmailPrefix = Annotated[
    ColumnElement[str] | None,
    given_text(_prefix, "emailPrefix"),
    Described(
        "Contacts whose `emailCanonical` begins with this, without regard to case. They are in the order of "
        "their addresses."
    ),
]
Phone = Annotated[
    ColumnElement[str] | None,
    given_text(number_of_filter, "phone"),
    Described(
        "The contact with this phone number, in any spelling that begins with +. The account's "
        "`defaultCountry` does not count here."
    ),
]
ExternalId = Annotated[
    ColumnElement[str] | None,
    given_text(visible_text, "externalId"),
    Described("The contact with this id of yours, with exact case."),
]
Attribute = Annotated[
    ColumnElement[str] | None,
    given_text(visible_text, "attribute"),
    Described("Contacts that have a value of the attribute with this name; with `value`, this value."),
]
Value = Annotated[
    ColumnElement[str] | None,
    Described(
        "The attribute's value as a text, such as `SE`, `12.5`, `2026-03-31` or `true`. A number is written "
        "as `attributes` shows it, without zeros at its end: `3`, not `3.0`. Needs `attribute`."
    ),
]
Status = Annotated[ContactStatus | None, Described("Only contacts with this status.")]


def order(email_prefix: object = None, attribute: object = None, value: object = None, **_: object) -> Order:
    """The order that the arguments choose. Raises BadArgument for a value of no attribute."""
    if value is not None and attribute is None:
        raise BadArgument("Say the attribute whose value it is.", "value")
    return NEWEST_FIRST if email_prefix is None else _BY_EMAIL


@dataclass(frozen=True, kw_only=True)
class ContactFilter:
    """Which contacts are listed. None: whatever it is."""

    email: ColumnElement[str] | None
    email_prefix: ColumnElement[str] | None
    phone: ColumnElement[str] | None
    external_id: ColumnElement[str] | None
    attribute: ColumnElement[str] | None
    value: ColumnElement[str] | None
    status: ContactStatus | None

    @property
    def names_keys(self) -> bool:
        """Whether an index finds the contacts."""
        keys = self.email, self.email_prefix, self.phone, self.external_id
        return any(key is not None for key in keys)

    @property
    def finds_values(self) -> bool:
        """Whether contacts are found by what they have of an attribute."""
        return self.attribute is not None and not self.names_keys

    @property
    def finds_suppressed(self) -> ContactStatus | None:
        """The status by which contacts are found, as only some have it."""
        return None if self.names_keys or self.status is ContactStatus.SUBSCRIBED else self.status

    def of_value(self, kept: FromClause) -> ColumnElement[bool]:
        """Which rows of contact_values name them, where `finds_values`."""
        if self.attribute is None or self.value is None:
            return kept.c.name == self.attribute
        return kept.c.digest == digest_of_value(self.attribute, self.value)

    def shown(
        self, statement: Select[Any], parent: FromClause, account_id: ColumnElement[Any]
    ) -> Select[Any]:
        """The statement's contacts, or none if values of the attribute are no longer shown."""
        if self.attribute is None:
            return statement
        return statement.where(is_shown(parent, account_id, self.attribute))

    def of(self, statement: Select[Any], contact: FromClause) -> Select[Any]:
        """Those of the statement's contacts, whether values of the attribute are shown or not."""
        found, prefix = contact.c, self.email_prefix
        for key, wanted in (
            (found.email_canonical, self.email),
            (found.phone_canonical, self.phone),
            (found.external_id, self.external_id),
        ):
            if wanted is not None:
                statement = statement.where(key == wanted)
        if prefix is not None:
            email = found.email_canonical
            statement = statement.where(email >= prefix, email < prefix.concat(_LAST))
        if self.status is not None:
            statement = statement.where(has_status(contact, self.status))
        if self.attribute is not None:
            kept = found.attributes.op("->>", return_type=Text())(self.attribute)
            statement = statement.where(kept.is_not(None) if self.value is None else kept == self.value)
        return statement
