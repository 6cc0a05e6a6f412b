"""The access matrix: who may do what in an account."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    or_,
    select,
)

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Permission, allows
from authz.reach.everybody import access_in
from authz.reach.reach import account_where
from authz.reach.status import status_mask
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.people.users import users

BY_SUBJECT = Order("accessMatrix", (column("subject", Uuid),))


def of_account(account: FromClause) -> Select[Any]:
    """Who may do what here now: every person and every API key with a right in the account, by what is held
    here or above. Persons are listed to who holds MEMBERS_READ, keys to who holds API_KEYS_READ; to who holds
    neither the list is empty."""
    access = access_in(account).subquery("access")
    seen = or_(
        and_(access.c.user_id.is_not(None), allows(account.c.mask, Permission.MEMBERS_READ)),
        and_(access.c.api_key_id.is_not(None), allows(account.c.mask, Permission.API_KEYS_READ)),
    )
    return select(
        account.c.master_id,
        account.c.id.label("account_id"),
        func.coalesce(access.c.user_id, access.c.api_key_id).label("subject"),
        access.c.user_id,
        access.c.api_key_id,
        access.c.mask.op("&")(status_mask(account)).label("permissions"),
    ).where(seen)


def kind_of(entry: FromClause) -> ColumnElement[str]:
    """What kind of subject it is."""
    person = entry.c.user_id.is_not(None)
    return case((person, PrincipalKind.PERSON.value), else_=PrincipalKind.API_KEY.value)


def subject_id(entry: FromClause) -> ColumnElement[str]:
    """The global id of the person or of the key."""
    kind = case((entry.c.user_id.is_not(None), f"{Kind.USER}_"), else_=f"{Kind.API_KEY}_")
    return func.concat(kind, cast(entry.c.subject, Text))


def name_of(entry: FromClause) -> ColumnElement[str]:
    """The name of the person or of the key."""
    person, key = users.alias(), api_keys.alias()
    user_name = select(person.c.name).where(person.c.id == entry.c.user_id).correlate(entry)
    key_name = (
        select(key.c.name)
        .where(key.c.id == entry.c.api_key_id, key.c.master_id == entry.c.master_id)
        .correlate(entry)
    )
    return func.coalesce(user_name.scalar_subquery(), key_name.scalar_subquery())


def user_of(entry: FromClause) -> Select[Any]:
    """The person; null for a key."""
    person = users.alias()
    return select(*person.c).where(person.c.id == entry.c.user_id)


def key_of(entry: FromClause) -> Select[Any]:
    """The key; null for a person, and where the key is of an account above whose keys the viewer may not
    see."""
    key = api_keys.alias()
    return select(*key.c).where(
        key.c.id == entry.c.api_key_id,
        key.c.master_id == entry.c.master_id,
        account_where(key, Permission.API_KEYS_READ),
    )
