"""What contacts have done themselves: unsubscribed, or bounced.

Unsubscribes and bounces go by digests, so this is told by both addresses of a contact. Block entries are not
among it: they may be of accounts above, and have a permission of their own.
"""

import enum
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    any_,
    case,
    literal_column,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from engine.base.client_values import text
from engine.declare.paging import Window
from models.accounts.trees import in_tree
from models.contacts.tables import contacts
from models.suppressions.tables import bounces, unsubscribes

_MANY = 10_000
"""Beyond so many suppressions it is less work to pass the contacts until a page is full: in five million
contacts, one of 500 has the status."""


class ContactStatus(enum.Enum):
    """What a contact has done by one of its addresses. Of several, the first one counts."""

    UNSUBSCRIBED = "UNSUBSCRIBED"
    BOUNCED = "BOUNCED"
    SUBSCRIBED = "SUBSCRIBED"


def status_of(contact: FromClause) -> ColumnElement[str]:
    """The contact's status."""
    suppressed = (ContactStatus.UNSUBSCRIBED, ContactStatus.BOUNCED)
    return case(
        *((_is_suppressed(contact, status), text(status.value)) for status in suppressed),
        else_=text(ContactStatus.SUBSCRIBED.value),
    )


def has_status(contact: FromClause, status: ContactStatus) -> ColumnElement[bool]:
    """Whether it is the contact's status."""
    unsubscribed = _is_suppressed(contact, ContactStatus.UNSUBSCRIBED)
    bounced = _is_suppressed(contact, ContactStatus.BOUNCED)
    match status:
        case ContactStatus.UNSUBSCRIBED:
            return unsubscribed
        case ContactStatus.BOUNCED:
            return bounced & ~unsubscribed
        case ContactStatus.SUBSCRIBED:
            return ~bounced & ~unsubscribed


def suppressed(
    parent: FromClause,
    account_id: ColumnElement[Any],
    status: ContactStatus,
    others: Select[Any],
    page: Window | None,
) -> FromClause:
    """Contacts among which are all that have the status, by `account_id` and `contact_id`; with `page`, at
    least that page's, in its order. `parent` names the tree. `others`: the same columns of contacts among
    which they are too; these are passed one after the other where many contacts are suppressed."""
    rows, stands = _suppressing(status)
    of_account = in_tree(rows, parent) & (rows.c.account_id == account_id) & stands
    found = union(*_by_addresses(parent, rows, of_account)).subquery()
    if page is None:
        return select(*found.c).lateral()
    beyond = select(rows.c.id).where(of_account).limit(literal_column("1")).offset(literal_column(str(_MANY)))
    are_many = beyond.correlate(parent).exists()
    sides = (found, ~are_many), (others.correlate(parent).subquery(), are_many)
    arms = [
        page.apply(select(*each.c).where(is_chosen), [each.c.contact_id]).limit(None)
        for each, is_chosen in sides
    ]
    return union_all(*[arm.correlate(parent).subquery().select() for arm in arms]).lateral()


def _by_addresses(
    parent: FromClause, rows: FromClause, condition: ColumnElement[bool]
) -> Sequence[Select[Any]]:
    contact = contacts.alias()
    here = in_tree(contact, parent) & (contact.c.account_id == rows.c.account_id)
    columns = contact.c.account_id, contact.c.id.label("contact_id")
    return [
        select(*columns)
        .select_from(rows.join(contact, here & (digest == rows.c.digest)))
        .where(condition)
        .correlate(parent)
        for digest in (contact.c.email_digest, contact.c.phone_digest)
    ]


def _is_suppressed(contact: FromClause, status: ContactStatus) -> ColumnElement[bool]:
    """Whether one of its addresses is."""
    rows, stands = _suppressing(status)
    addresses: array[Any] = array([contact.c.email_digest, contact.c.phone_digest], type_=LargeBinary())
    of_contact = in_tree(rows, contact, account_id="account_id") & (rows.c.digest == any_(addresses))
    return select(rows.c.id).where(of_contact, stands).correlate(contact).exists()


def _suppressing(status: ContactStatus) -> tuple[FromClause, ColumnElement[bool]]:
    """The table, and whether a row of it counts."""
    if status is ContactStatus.UNSUBSCRIBED:
        left = unsubscribes.alias()
        return left, left.c.resubscribed_at.is_(None)
    bounced = bounces.alias()
    return bounced, bounced.c.excluded_at.is_not(None)
