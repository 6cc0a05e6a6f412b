"""API keys as those who manage them see them. What changes them is in `api_key_changes` and
`api_key_updates`."""

import datetime
from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, case, cast, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.people.users import users
from models.roles.tables import roles
from resolvers.inputs.global_ids import ApiKeyIdArgument
from resolvers.people.reads import known_in

BY_ID = Order("apiKeys", (api_keys.c.id,))
"""Oldest first."""


def of_account(
    account: FromClause,
    include_revoked: Annotated[bool, Described("Also those that were revoked.")] = False,
) -> Select[Any]:
    """The account's API keys, oldest first."""
    key = api_keys.alias()
    statement = select(*key.c).where(key.c.account_id == account.c.id, key.c.master_id == account.c.master_id)
    return statement if include_revoked else statement.where(key.c.revoked_at.is_(None))


def by_id(root: FromClause, id: ApiKeyIdArgument) -> Select[Any]:
    """An API key of an account whose keys the viewer may see, or the key that asks."""
    key = api_keys.alias()
    itself = key.c.id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
    return select(*key.c).where(key.c.id == id, itself | account_where(key, Permission.API_KEYS_READ))


def of_result(result: FromClause) -> Select[Any]:
    """The API key, as it is now."""
    key = api_keys.alias()
    return select(*key.c).where(key.c.id == result.c.api_key_id, account_where(key, Permission.API_KEYS_READ))


def permissions_of(key: FromClause) -> ColumnElement[int]:
    """What it may do in its account: its role's permissions, narrowed by its scopes."""
    role = roles.alias()
    return (
        select(role.c.member_mask.op("&")(key.c.scopes))
        .where(role.c.id == key.c.role_id)
        .correlate(key)
        .scalar_subquery()
    )


def ip_ranges_of(key: FromClause) -> ColumnElement[Sequence[str]]:
    """The network addresses from which it works, as ranges such as `192.0.2.0/24`; none: from anywhere. From
    elsewhere its secret is as unknown."""
    return cast(key.c.ip_ranges, ARRAY(Text))


def previous_secret_expires_at(key: FromClause) -> ColumnElement[datetime.datetime | None]:
    """Until when the secret from before the last rotation works as well; null: it does not."""
    return case((key.c.previous_expires_at > func.now(), key.c.previous_expires_at))


def role_of(key: FromClause) -> Select[Any]:
    """The role that it acts with."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == key.c.role_id)


def creator_of(key: FromClause) -> Select[Any]:
    """The person who made it; null where another API key did, and for who may not see the members."""
    person = users.alias()
    return select(*person.c).where(person.c.id == key.c.creator_user_id, known_in(person, key))


def adopter_of(key: FromClause) -> Select[Any]:
    """The person who has adopted it last, and answers for it in its maker's place; null where nobody has, and
    for who may not see the members."""
    person = users.alias()
    return select(*person.c).where(person.c.id == key.c.adopter_user_id, known_in(person, key))


def account_of(key: FromClause) -> Select[Any]:
    """The account that it is bound to."""
    account, statement = readable_account()
    return statement.where(account.c.id == key.c.account_id, account.c.master_id == key.c.master_id).limit(1)
