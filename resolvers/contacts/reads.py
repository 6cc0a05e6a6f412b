"""An account's contacts, as those see them who write to them.

These are far fields (see `engine.declare.far`): the account that they are handed is known by its tree and its
id alone, and whether the viewer may see its contacts has been decided.
"""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, literal_column, select, true

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.far import ITEM
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.contacts.tables import contact_list_members, contact_lists, contacts
from resolvers.contacts.filters import (
    Attribute,
    ContactFilter,
    Email,
    EmailPrefix,
    ExternalId,
    InList,
    Phone,
    Value,
)
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
    )
    if list is None:
        contact = contacts.alias()
        return wanted.of(select(*contact.c).where(in_tree(contact, account, account_id="id")), contact)
    found, member = contact_lists.alias(), contact_list_members.alias()
    named = (account.c.id == part_of(list, 1)) & (found.c.id == part_of(list, 2))
    this = in_tree(found, account, account_id="id") & found.c.deleted_at.is_(None)
    of_list = in_tree(member, found, account_id="account_id", contact_list_id="id")
    return members_among(account, found.join(member, of_list), member, wanted).where(this, named)


def members_among(
    parent: FromClause, members: FromClause, member: FromClause, wanted: ContactFilter
) -> Select[Any]:
    """The contacts that are members of lists. Their ids are those that the members name, so that a page is
    read in the order of the members' key."""
    contact = contacts.alias()
    rows: FromClause = contact
    # The tree is the parent's, which PostgreSQL knows, also behind the fence.
    one = (contact.c.account_id == member.c.account_id) & (contact.c.id == member.c.contact_id)
    of_member: ColumnElement[bool] = in_tree(contact, parent) & one
    if not wanted.names_keys:
        # The fence keeps the planner from reading the account's contacts in their order: it knows nothing of
        # attributes, and a cursor bounds the members alone.
        of_one = select(*contact.c).where(of_member).correlate(parent, member).limit(1)
        rows, of_member = wanted.of(of_one, contact).lateral(), true()
    columns = [member.c.contact_id.label("id") if each.key == "id" else each for each in rows.c]
    statement = select(*columns).select_from(members.join(rows, of_member))
    return wanted.of(statement, contact) if wanted.names_keys else statement


def account_by_id(root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.CONTACT)]) -> Select[Any]:
    """The account that the contact's id names, where the viewer may see contacts."""
    return place_of(id)


def place_of(id: IdText) -> Select[Any]:
    """Where something in the data plane is, by an id that names its account: for a far field, if the viewer
    may see the account's contacts."""
    account, statement = readable_account()
    seen = allows(statement.selected_columns.mask, Permission.CONTACTS_READ)
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
