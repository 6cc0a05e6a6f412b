"""An account's contacts, as those see them who write to them.

These are far fields (see `engine.declare.far`): the account that they are handed is known by its tree and its
id alone, and whether the viewer may see its contacts has been decided.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, literal_column, select, true

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.far import ITEM
from engine.declare.paging import Order, Window
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.contacts.tables import contact_list_members, contact_lists, contact_values, contacts
from resolvers.contacts.filters import (
    Attribute,
    ContactFilter,
    Email,
    EmailPrefix,
    ExternalId,
    InList,
    Phone,
    Status,
    Value,
)
from resolvers.contacts.listed import Listed
from resolvers.contacts.statuses import suppressed
from resolvers.inputs.global_ids import IdText, in_account_of_kind, part_of

MEMBERSHIPS = Order("memberships", (contact_list_members.c.contact_list_id,))


def of_account(
    account: FromClause,
    list: InList = None,
    email: Email = None,
    email_prefix: EmailPrefix = None,
    phone: Phone = None,
    external_id: ExternalId = None,
    attribute: Attribute = None,
    value: Value = None,
    status: Status = None,
    window: Window | None = None,
) -> Select[Any]:
    """The people whom the account writes to, newest first. An account has its own contacts: those of accounts
    above and below it are not among them."""
    wanted = ContactFilter(
        email=email,
        email_prefix=email_prefix,
        phone=phone,
        external_id=external_id,
        attribute=attribute,
        value=value,
        status=status,
    )
    if list is None:
        return wanted.shown(_among_all(account, wanted, window), account, account.c.id)
    found = contact_lists.alias()
    list_id = part_of(list, 2)
    named = (account.c.id == part_of(list, 1)) & (found.c.id == list_id)
    this = in_tree(found, account, account_id="id") & found.c.deleted_at.is_(None)
    is_there = select(found.c.id).where(this, named).correlate(account).exists()
    return in_list(Listed(account, account.c.id, list_id), wanted, window).where(is_there)


def _among_all(account: FromClause, wanted: ContactFilter, page: Window | None) -> Select[Any]:
    contact, value = contacts.alias(), contact_values.alias()
    all_of_them = in_tree(contact, account, account_id="id")
    of_value = in_tree(value, account, account_id="id") & wanted.of_value(value)
    if wanted.finds_suppressed:
        others = select(contact.c.account_id, contact.c.id.label("contact_id")).where(all_of_them)
        if wanted.finds_values:
            others = select(value.c.account_id, value.c.contact_id).where(of_value)
        found = suppressed(account, account.c.id, wanted.finds_suppressed, others, page)
        return _walked(account, found, wanted)
    if wanted.finds_values:
        return _walked(account, value, wanted).where(of_value)
    return wanted.of(select(*contact.c).where(all_of_them), contact)


def in_list(found: Listed, wanted: ContactFilter, page: Window | None) -> Select[Any]:
    """The contacts that are in a list; with `page`, at least that page's."""
    return wanted.shown(_among_listed(found, wanted, page), found.parent, found.account_id)


def _among_listed(found: Listed, wanted: ContactFilter, page: Window | None) -> Select[Any]:
    member = contact_list_members.alias()
    if wanted.names_keys:
        contact = contacts.alias()
        one = (contact.c.account_id == member.c.account_id) & (contact.c.id == member.c.contact_id)
        joined = member.join(contact, in_tree(contact, found.parent) & one)
        columns = _columns(contact, member.c.contact_id)
        return wanted.of(select(*columns).select_from(joined), contact).where(found.has(member))
    if wanted.finds_suppressed:
        others = select(member.c.account_id, member.c.contact_id).where(found.has(member))
        rows = suppressed(found.parent, found.account_id, wanted.finds_suppressed, others, page)
        return _walked(found.parent, rows, wanted, found)
    if wanted.finds_values and page is not None:
        return _walked(found.parent, found.or_values(wanted, page), wanted, found)
    return _walked(found.parent, member, wanted).where(found.has(member))


def _walked(
    parent: FromClause, walk: FromClause, wanted: ContactFilter, also_in: Listed | None = None
) -> Select[Any]:
    """The contacts that the rows of `walk` name, in the order in which an index has those.

    Behind the fence PostgreSQL looks up one contact after the other, until the page is full. It knows nothing
    of attributes, and would rather read the account's contacts in their order.
    """
    contact, member = contacts.alias(), contact_list_members.alias()
    # The tree is the parent's, which PostgreSQL knows, also behind the fence.
    one = (contact.c.account_id == walk.c.account_id) & (contact.c.id == walk.c.contact_id)
    of_one = wanted.of(select(*contact.c).where(in_tree(contact, parent), one), contact)
    if also_in is not None:
        is_member = also_in.has(member) & (member.c.contact_id == walk.c.contact_id)
        of_one = of_one.where(select(member.c.contact_id).where(is_member).correlate(parent, walk).exists())
    rows = of_one.correlate(parent, walk).limit(1).lateral()
    return select(*_columns(rows, walk.c.contact_id)).select_from(walk.join(rows, true()))


def _columns(contact: FromClause, id: ColumnElement[Any]) -> Sequence[ColumnElement[Any]]:
    """The contact's, with the id that an index has in the order of the page."""
    return [id.label("id") if each.key == "id" else each for each in contact.c]


def account_by_id(root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.CONTACT)]) -> Select[Any]:
    """The account that the contact's id names, where the viewer may see contacts."""
    return place_of(id)


def place_of(id: IdText, permission: Permission = Permission.CONTACTS_READ) -> Select[Any]:
    """Where something in the data plane is, by an id that names its account: for a far field, if the viewer
    holds the permission there."""
    account, statement = readable_account()
    seen = allows(statement.selected_columns.mask, permission)
    named = statement.where(account.c.id == part_of(id, 1), seen)
    return named.with_only_columns(account.c.master_id, account.c.id, part_of(id, 2).label(ITEM))


def by_place(place: FromClause) -> Select[Any]:
    """The contact that the place names."""
    contact = contacts.alias()
    return select(*contact.c).where(in_tree(contact, place, account_id="id", id=ITEM))


def id_of(contact: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another contact."""
    return global_id(Kind.CONTACT, contact.c.account_id, contact.c.id)


def memberships_of(contact: FromClause) -> Select[Any]:
    """The contact lists that the contact is in."""
    # A worker may not yet have removed the members of one that was deleted.
    member, found = contact_list_members.alias(), contact_lists.alias()
    of_contact = in_tree(member, contact, account_id="account_id", contact_id="id")
    of_member = in_tree(found, member, account_id="account_id", id="contact_list_id")
    joined = member.join(found, of_member & found.c.deleted_at.is_(None))
    return select(*member.c).select_from(joined).where(of_contact)


def list_of(member: FromClause) -> Select[Any]:
    """The contact list."""
    found = contact_lists.alias()
    return select(*found.c).where(in_tree(found, member, account_id="account_id", id="contact_list_id"))


def global_id(kind: Kind, account_id: ColumnElement[Any], id: ColumnElement[Any]) -> ColumnElement[str]:
    """The id of something in the data plane, as `models.base.ids.present_in_account` writes it."""
    between = literal_column("'_'", Text)
    return literal_column(f"'{kind}_'", Text) + cast(account_id, Text) + between + cast(id, Text)
