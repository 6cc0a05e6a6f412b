"""What an account keeps of its contacts. It is far, as contacts are (see `resolvers.contacts.reads`)."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from engine.declare.far import ITEM
from models.accounts.trees import in_tree
from models.contacts.tables import contact_attributes


def of_account(account: FromClause) -> Select[Any]:
    """The attributes of the account's contacts, the oldest first."""
    found = contact_attributes.alias()
    return select(*found.c).where(in_tree(found, account, account_id="id"))


def by_place(place: FromClause) -> Select[Any]:
    """The attribute that the place names."""
    found = contact_attributes.alias()
    return select(*found.c).where(in_tree(found, place, account_id="id", id=ITEM))
