"""An account's contact lists (R74). They are far, as contacts are (see `resolvers.contacts.reads`)."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from engine.declare.arguments import Described, Folded
from engine.declare.far import ITEM
from engine.declare.paging import Order, Window
from engine.text.forms import search_key
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.contacts.tables import contact_lists
from resolvers.contacts.filters import (
    Attribute,
    ContactFilter,
    Email,
    EmailPrefix,
    ExternalId,
    Phone,
    Status,
    Value,
)
from resolvers.contacts.listed import Listed
from resolvers.contacts.reads import global_id, in_list, place_of
from resolvers.inputs.global_ids import IdText, in_account_of_kind

BY_NAME = Order("contact lists", (contact_lists.c.sort_key, contact_lists.c.id))

Search = Annotated[
    ColumnElement[str] | None,
    Folded(search_key),
    Described("Only lists whose name contains this text, without regard to case and accents."),
]


def of_account(account: FromClause, search: Search = None) -> Select[Any]:
    """The contact lists of the account, by name."""
    found = contact_lists.alias()
    statement = select(*found.c).where(in_tree(found, account, account_id="id"), found.c.deleted_at.is_(None))
    return statement if search is None else statement.where(found.c.search_key.contains(search))


def account_by_id(
    root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.CONTACT_LIST)]
) -> Select[Any]:
    """The account that the list's id names, where the viewer may see contacts."""
    return place_of(id)


def by_place(place: FromClause) -> Select[Any]:
    """The list that the place names."""
    found = contact_lists.alias()
    this = in_tree(found, place, account_id="id", id=ITEM)
    return select(*found.c).where(this, found.c.deleted_at.is_(None))


def id_of(found: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another list."""
    return global_id(Kind.CONTACT_LIST, found.c.account_id, found.c.id)


def contacts_of(
    found: FromClause,
    email: Email = None,
    email_prefix: EmailPrefix = None,
    phone: Phone = None,
    external_id: ExternalId = None,
    attribute: Attribute = None,
    value: Value = None,
    status: Status = None,
    window: Window | None = None,
) -> Select[Any]:
    """The contacts in the list, the newest contacts first."""
    wanted = ContactFilter(
        email=email,
        email_prefix=email_prefix,
        phone=phone,
        external_id=external_id,
        attribute=attribute,
        value=value,
        status=status,
    )
    return in_list(Listed(found, found.c.account_id, found.c.id), wanted, window)
