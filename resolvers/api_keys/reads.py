"""API keys, as their managers see them. `create` and `update` change them."""

import datetime
from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, case, cast, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.roles.tables import roles
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, is_viewer, known_person, role_behind, row_by_id
from resolvers.rows.subtrees import IncludeDescendants, belongs_to

BY_ID = Order("apiKeys", (api_keys.c.id,))
"""Oldest first."""


def of_account(
    account: FromClause,
    include_revoked: Annotated[bool, Described("Also list revoked keys.")] = False,
    creator_id: Annotated[
        Annotated[Id, of_kind(Kind.USER)] | None,
        Described(
            "Only keys that this person created or has adopted since, by `User.id`, in accounts whose "
            "members you may see. Whoever adopts a key takes its creator's place."
        ),
    ] = None,
    include_descendants: IncludeDescendants = False,
) -> Select[Any]:
    """The account's API keys, oldest first."""
    key = api_keys.alias()
    listed = belongs_to(key, account, Permission.API_KEYS_READ, include_descendants=include_descendants)
    statement = select(*key.c).where(listed)
    if creator_id is not None:
        known = is_viewer(creator_id) | account_where(key, Permission.MEMBERS_READ)
        maker = func.coalesce(key.c.adopter_user_id, key.c.creator_user_id)
        statement = statement.where(maker == creator_id, known)
    return statement if include_revoked else statement.where(key.c.revoked_at.is_(None))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.API_KEY)]) -> Select[Any]:
    """An API key of an account whose keys the viewer may see, or the key of this request."""
    key = api_keys.alias()
    itself = key.c.id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
    return select(*key.c).where(key.c.id == id, itself | account_where(key, Permission.API_KEYS_READ))


def of_result(result: FromClause) -> Select[Any]:
    """The API key, as it is now."""
    return row_by_id(api_keys, result.c.api_key_id, Permission.API_KEYS_READ)


def permissions_of(key: FromClause) -> ColumnElement[int]:
    """The permissions in its account: those of its role, narrowed by its scopes."""
    role = roles.alias()
    return (
        select(role.c.member_mask.op("&")(key.c.scopes))
        .where(role.c.id == key.c.role_id)
        .correlate(key)
        .scalar_subquery()
    )


def ip_ranges_of(key: FromClause) -> ColumnElement[Sequence[str]]:
    """The network addresses that the key accepts, as ranges such as `192.0.2.0/24`; empty means any address.
    From other addresses the secret is treated as unknown."""
    return cast(key.c.ip_ranges, ARRAY(Text))


def previous_secret_expires_at(key: FromClause) -> ColumnElement[datetime.datetime | None]:
    """Until when the secret from before the last rotation still works; null if it does not."""
    return case((key.c.previous_expires_at > func.now(), key.c.previous_expires_at))


def role_of(key: FromClause) -> Select[Any]:
    """The key's role."""
    return role_behind(key)


def creator_of(key: FromClause) -> Select[Any]:
    """The person who created it; null if an API key did, or if you may not see the members."""
    return known_person(key, "creator_user_id")


def adopter_of(key: FromClause) -> Select[Any]:
    """The person who adopted it last and is responsible for it instead of its creator; null if nobody has, or
    if you may not see the members."""
    return known_person(key, "adopter_user_id")


def account_of(key: FromClause) -> Select[Any]:
    """The account that the key belongs to."""
    return account_behind(key)
