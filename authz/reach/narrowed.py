"""What a narrowed token gives: what its parent holds at this moment, in the token's accounts alone, as far as
its scopes leave it.

A parent's break-glass is left out: it is a person's own, for a reason that the person gave. Whoever holds a
right by a token passes nothing on, as a token can be revoked at any moment.
"""

import uuid
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    case,
    cast,
    column,
    func,
    null,
    or_,
    select,
    true,
)

from authz.callers.narrowed import token_lives
from authz.policy.permissions import mask_literal
from authz.reach.ends import ANY_MOMENT
from authz.reach.grants import grant_rows, granted_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.narrowed_tokens.tables import narrowed_tokens

_COLUMNS = (
    column("master_id", Uuid),
    column("account_id", Uuid),
    column("from_id", Uuid),
    column("own_mask", BigInteger),
    column("below_mask", BigInteger),
    column("ends_at", DateTime(timezone=True)),
)


def narrowed_grants(principal: FromClause) -> Select[Any]:
    """The grants (see `authz.reach.grants.grant_rows`) of a caller with a narrowed token (token_id)."""
    given = func.narrowed_grants(principal.c.token_id).table_valued(*_COLUMNS).lateral()
    return (
        select(*given.c).select_from(principal.join(given, true())).where(principal.c.token_id.is_not(None))
    )


def masks_of_token(token_id: ColumnElement[uuid.UUID]) -> Select[Any]:
    """What a token gives in each of its accounts that its parent reaches, whether or not it still works: rows
    (account_id, mask)."""
    given = func.narrowed_grants(token_id).table_valued(*_COLUMNS)
    return select(given.c.account_id, func.bit_or(given.c.own_mask).label("mask")).group_by(
        given.c.account_id
    )


def grants_of_working(token_id: uuid.UUID) -> Select[Any]:
    """A token's grants; none where it does not work any more."""
    token = narrowed_tokens.alias()
    working = select(token.c.id.label("token_id")).where(token.c.id == token_id, token_lives(token))
    return narrowed_grants(working.subquery("working_token"))


def grants_of_token(token_id: ColumnElement[uuid.UUID]) -> Select[Any]:
    """A token's grants, whether or not it still works: one for each grant of its parent and each account of
    its own that this reaches. Statements call it as the stored function `narrowed_grants`."""
    token, account, closure = narrowed_tokens.alias(), accounts.alias(), account_closure.alias()
    parent = (
        select(token.c.user_id, token.c.api_key_id, token.c.account_ids, token.c.scopes)
        .where(token.c.id == token_id)
        .cte("parent")
        .prefix_with("MATERIALIZED")
    )
    grant = grant_rows(parent).cte("parent_grants")
    return (
        select(
            closure.c.master_id,
            closure.c.descendant_id,
            grant.c.from_id,
            granted_mask(closure, grant).op("&")(parent.c.scopes),
            cast(mask_literal(0), BigInteger),
            ANY_MOMENT,
        )
        .select_from(parent)
        .join(account, account.c.id == any_(parent.c.account_ids))
        .join(closure, in_tree(closure, account, descendant_id="id"))
        .join(grant, in_tree(grant, closure, account_id="ancestor_id"))
    )


def with_tokens(access: FromClause) -> Select[Any]:
    """The rows of people and keys (master_id, account_id, user_id, api_key_id, mask, narrowable_mask), each
    followed by one for each of their working tokens. A token's row has its `token_id`.

    `narrowable_mask`: what they hold there without break-glass.
    """
    own, token = narrowed_tokens.alias(), narrowed_tokens.alias()
    of_key = and_(own.c.api_key_master_id == access.c.master_id, own.c.api_key_id == access.c.api_key_id)
    works_here = (
        select(own.c.id)
        .where(
            or_(own.c.user_id == access.c.user_id, of_key),
            access.c.account_id == any_(own.c.account_ids),
            token_lives(own),
        )
        .correlate(access)
    )
    tokens = func.array(works_here.scalar_subquery(), type_=ARRAY(Uuid))
    holders = func.array_prepend(null().cast(Uuid), tokens)
    each = func.unnest(holders).table_valued(column("token_id", Uuid)).render_derived("each_holder")
    narrowed = access.c.narrowable_mask.op("&")(token.c.scopes)
    mask = case((each.c.token_id.is_(None), access.c.mask), else_=narrowed).label("mask")
    return select(access.c.user_id, access.c.api_key_id, each.c.token_id, mask).select_from(
        access.join(each, true()).outerjoin(token, token.c.id == each.c.token_id)
    )
