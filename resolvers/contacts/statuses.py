"""What contacts have done themselves: unsubscribed, or bounced.

Unsubscribes and bounces go by digests, so this is told by both addresses of a contact. Block entries are not
among it: they may be of accounts above, and have a permission of their own.
"""

import enum
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    any_,
    case,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
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
"""So many suppressions, or contacts, are passed for a page without asking which of both are better passed."""

_SAMPLE, _OF = b"\x00\x40", 1024
"""Digests below this one are a fair sample, one of so many: hashes are spread evenly."""


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
    which they are too; these are passed one after the other where many contacts are suppressed, as then a
    page is soon full."""
    rows, stands = _suppressing(status)
    of_account = in_tree(rows, parent) & (rows.c.account_id == account_id) & stands
    found = union(*_by_addresses(parent, rows, of_account)).subquery()
    if page is None:
        return select(*found.c).lateral()
    are_many = case(
        (~_more_than(_MANY, select(rows.c.id).where(of_account), parent), false()),
        (~_more_than(_MANY, others, parent), true()),
        else_=_fill_pages(parent, account_id, rows, of_account, page),
    )
    sides = (found, ~are_many), (others.correlate(parent).subquery(), are_many)
    arms = [
        page.apply(select(*each.c).where(is_chosen), [each.c.contact_id]).limit(None)
        for each, is_chosen in sides
    ]
    return union_all(*[arm.correlate(parent).subquery().select() for arm in arms]).lateral()


def _more_than(number: int, rows: Select[Any], parent: FromClause) -> ColumnElement[bool]:
    beyond = rows.limit(literal_column("1")).offset(literal_column(str(number)))
    return beyond.correlate(parent).exists()


def _fill_pages(
    parent: FromClause,
    account_id: ColumnElement[Any],
    rows: FromClause,
    of_account: ColumnElement[bool],
    page: Window,
) -> ColumnElement[bool]:
    """Whether a page is filled sooner by passing the contacts than by passing all suppressions: by a sample.

    Of an imported list hardly any address may be a contact's. A page is full when so many contacts are passed
    as it is long, times how many contacts there are for each that is suppressed.
    """
    contact = contacts.alias()
    here = in_tree(contact, parent) & (contact.c.account_id == account_id)
    sampled = of_account & (rows.c.digest < literal(_SAMPLE, LargeBinary))
    addresses = contact.c.email_digest, contact.c.phone_digest

    def count(of: FromClause, condition: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count()).select_from(of).where(condition).correlate(parent).scalar_subquery()

    def has(digest: ColumnElement[bytes]) -> ColumnElement[bool]:
        return select(contact.c.id).where(here, digest == rows.c.digest).correlate(parent, rows).exists()

    of_sample = [here & (digest < literal(_SAMPLE, LargeBinary)) for digest in addresses]
    all_contacts = reduce(add, [count(contact, condition) for condition in of_sample])
    suppressed_contacts = reduce(add, [count(rows, sampled & has(digest)) for digest in addresses])
    suppressions = count(rows, sampled)
    passed = all_contacts * page.rows(1)
    return (all_contacts < suppressions) | (passed < suppressed_contacts * suppressions * _OF)


def _by_addresses(
    parent: FromClause, rows: FromClause, condition: ColumnElement[bool]
) -> Sequence[Select[Any]]:
    """Each one's contact is looked up by itself: PostgreSQL might else pass all contacts instead."""
    contact = contacts.alias()
    here = in_tree(contact, parent) & (contact.c.account_id == rows.c.account_id)
    having = select(contact.c.account_id, contact.c.id.label("contact_id")).correlate(parent, rows)
    ones = [
        having.where(here, digest == rows.c.digest).limit(literal_column("1")).lateral("one")
        for digest in (contact.c.email_digest, contact.c.phone_digest)
    ]
    return [
        select(*one.c).select_from(rows.join(one, true())).where(condition).correlate(parent) for one in ones
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
