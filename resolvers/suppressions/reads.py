"""Who has unsubscribed, and which addresses bounced. They are far, as contacts are (see
`resolvers.contacts.reads`)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, or_, select

from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.contacts.tables import contact_lists, contacts
from models.suppressions.tables import bounces, unsubscribes

UNSUBSCRIBES = Order("unsubscribes", (unsubscribes.c.id,), descending=True)
BOUNCES = Order("bounces", (bounces.c.id,), descending=True)


def unsubscribes_of(account: FromClause) -> Select[Any]:
    """Recipients that have unsubscribed from the account or from one of its contact lists, in the order in
    which they were first reported, the last one first. An unsubscribe that was lifted stays, and shows the
    consent."""
    found = unsubscribes.alias()
    return select(*found.c).where(in_tree(found, account, account_id="id"))


def bounces_of(account: FromClause) -> Select[Any]:
    """Addresses to which messages of the account bounced, in the order in which they were first reported,
    the last one first, whether they are excluded or not."""
    found = bounces.alias()
    return select(*found.c).where(in_tree(found, account, account_id="id"))


def contact_of(row: FromClause) -> Select[Any]:
    """The account's contact with this address; null if there is none, or it was erased. The address itself is
    kept as a digest alone."""
    contact = contacts.alias()
    has_it = or_(contact.c.email_digest == row.c.digest, contact.c.phone_digest == row.c.digest)
    return select(*contact.c).where(in_tree(contact, row, account_id="account_id"), has_it)


def list_of(row: FromClause) -> Select[Any]:
    """The contact list that the recipient left; null for none, and for one that was deleted: `isOfList` tells
    them apart."""
    found = contact_lists.alias()
    this = in_tree(found, row, account_id="account_id", id="contact_list_id")
    return select(*found.c).where(this, found.c.deleted_at.is_(None))


def is_of_list(row: FromClause) -> ColumnElement[bool]:
    """Whether the recipient left one contact list, which may be deleted by now. False: no list was named, so
    that it is the account that the recipient left."""
    return row.c.contact_list_id.is_not(None)


def soft_bounces(row: FromClause) -> ColumnElement[int]:
    """How many soft bounces of the address count: those within the days of the account's bounce limits, when
    the last one was reported."""
    return func.cardinality(row.c.soft_at)


def latest_soft_bounce(row: FromClause) -> ColumnElement[Any]:
    """When the last of them happened."""
    return row.c.soft_at[func.cardinality(row.c.soft_at)]
