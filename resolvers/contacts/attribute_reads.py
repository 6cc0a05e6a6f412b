"""What an account keeps of its contacts. It is far, as contacts are (see `resolvers.contacts.reads`).

An attribute that was deleted is hidden at once, and so are its values: a worker may still have to remove them
from the contacts.
"""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB

from engine.declare.far import ITEM
from models.accounts.trees import in_tree
from models.contacts.tables import contact_attributes


def of_account(account: FromClause) -> Select[Any]:
    """The attributes of the account's contacts, the oldest first."""
    found = contact_attributes.alias()
    return select(*found.c).where(in_tree(found, account, account_id="id"), found.c.deleted_at.is_(None))


def by_place(place: FromClause) -> Select[Any]:
    """The attribute that the place names."""
    found = contact_attributes.alias()
    return select(*found.c).where(in_tree(found, place, account_id="id", id=ITEM))


def shown_values(contact: FromClause) -> ColumnElement[Any]:
    """The contact's values by the names of its attributes, without those of deleted ones."""
    deleted = contact_attributes.alias()
    names = select(deleted.c.name).where(_is_deleted(deleted, contact)).scalar_subquery()
    hidden = func.array(names, type_=ARRAY(Text))
    return contact.c.attributes.op("-", return_type=JSONB())(hidden)


def is_shown(contact: FromClause, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether values of the attribute with this name are shown."""
    deleted = contact_attributes.alias()
    return ~exists().where(_is_deleted(deleted, contact), deleted.c.name == name)


def _is_deleted(attribute: FromClause, contact: FromClause) -> ColumnElement[bool]:
    return in_tree(attribute, contact, account_id="account_id") & attribute.c.deleted_at.is_not(None)
