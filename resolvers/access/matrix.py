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
from authz.reach.everybody import access_with_tokens_in
from authz.reach.reach import account_where
from authz.reach.status import status_mask
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from resolvers.rows.shown import name_of_person_or_key, person_behind

BY_SUBJECT = Order("accessMatrix", (column("subject", Uuid),))


def of_account(account: FromClause) -> Select[Any]:
    """Every person and API key with a right in the account, through this account or one above, and every
    narrowed token of theirs that works here. People are listed for callers with MEMBERS_READ, keys for
    callers with API_KEYS_READ, and tokens with those that they act for; for other callers the list is
    empty."""
    access = access_with_tokens_in(account).subquery("access")
    seen = or_(
        and_(access.c.user_id.is_not(None), allows(account.c.mask, Permission.MEMBERS_READ)),
        and_(access.c.api_key_id.is_not(None), allows(account.c.mask, Permission.API_KEYS_READ)),
    )
    return select(
        account.c.master_id,
        account.c.id.label("account_id"),
        func.coalesce(access.c.token_id, access.c.user_id, access.c.api_key_id).label("subject"),
        access.c.user_id,
        access.c.api_key_id,
        access.c.token_id,
        access.c.mask.op("&")(status_mask(account)).label("permissions"),
    ).where(seen)


def kind_of(entry: FromClause) -> ColumnElement[str]:
    """Whether it is a person, an API key or a narrowed token."""
    return case(
        (entry.c.token_id.is_not(None), PrincipalKind.NARROWED_TOKEN.value),
        (entry.c.user_id.is_not(None), PrincipalKind.PERSON.value),
        else_=PrincipalKind.API_KEY.value,
    )


def subject_id(entry: FromClause) -> ColumnElement[str]:
    """The global id of the person, of the key or of the narrowed token."""
    kind = case(
        (entry.c.token_id.is_not(None), f"{Kind.NARROWED_TOKEN}_"),
        (entry.c.user_id.is_not(None), f"{Kind.USER}_"),
        else_=f"{Kind.API_KEY}_",
    )
    return func.concat(kind, cast(entry.c.subject, Text))


def name_of(entry: FromClause) -> ColumnElement[str]:
    """The name of the person or of the key; of a narrowed token, whose it is."""
    return name_of_person_or_key(entry, "user_id", "api_key_id")


def user_of(entry: FromClause) -> Select[Any]:
    """The person, also that of a narrowed token; null for a key and its tokens."""
    return person_behind(entry)


def key_of(entry: FromClause) -> Select[Any]:
    """The key, also that of a narrowed token; null for a person and its tokens, and for a
    key of an account above whose keys you may not see."""
    key = api_keys.alias()
    return select(*key.c).where(
        in_tree(key, entry, id="api_key_id"), account_where(key, Permission.API_KEYS_READ)
    )
