"""An account's contacts, as those see them who write to them.

These are far fields (see `engine.declare.far`): the account that they are handed is known by its tree and its
id alone, and whether the viewer may see its contacts has been decided.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, literal_column, select

from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.contacts.tables import contacts

NEWEST_FIRST = Order("contacts", (contacts.c.id,), descending=True)

_PREFIX = "cntc"


def of_account(account: FromClause) -> Select[Any]:
    """The people whom the account writes to, newest first. An account has its own contacts: those of accounts
    above and below it are not among them."""
    contact = contacts.alias()
    return select(*contact.c).where(in_tree(contact, account, account_id="id"))


def id_of(contact: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another contact."""
    account_id, id_ = cast(contact.c.account_id, Text), cast(contact.c.id, Text)
    between = literal_column("'_'", Text)
    return literal_column(f"'{_PREFIX}_'", Text) + account_id + between + id_
