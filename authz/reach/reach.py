"""The one definition of what a caller reaches: rows of (account, mask).

    principal -> grants -> reach

*Reach* follows grants (see `authz.reach.grants`) down the tree, and only down (T3), as far as the links
between the accounts let them pass (N3): an account's mask is the union of what its grants and those above it
give. Every read and every write goes through here; nothing else reads memberships to decide. What requires a
second factor is out of the reach of a session that has proved none (see `authz.reach.second_factor`).

Reach has three shapes, each for another plan: `readable_accounts` collects the whole reach, for filtered
lists; `authz.reach.first_page` reads no more of it than a page shows; `readable_account` computes the mask of
each row by itself, for look-ups.
"""

import datetime
from collections.abc import Callable
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, exists, func, select, true, union_all

from authz.callers.principals import PrincipalKind, principal_rows
from authz.policy.permissions import Permission, allows
from authz.reach.ends import FOREVER
from authz.reach.further_grants import further_grants
from authz.reach.grants import granted_mask, grants_of_keys, membership_grants, passed_mask
from authz.reach.narrowed import narrowed_grants
from authz.reach.second_factor import is_open_to_session
from engine.compiled.sql_text import only_in
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree

PRINCIPAL = principal_rows()


def _grants_of_principal() -> CTE:
    """All grants of the caller now. A plan for one kind of callers contains only that kind's arms."""
    arms = (
        only_in(PrincipalKind.PERSON, membership_grants(PRINCIPAL)),
        only_in(PrincipalKind.API_KEY, grants_of_keys(PRINCIPAL, PRINCIPAL)),
        only_in(PrincipalKind.PERSON, further_grants(PRINCIPAL)),
        only_in(PrincipalKind.NARROWED_TOKEN, narrowed_grants(PRINCIPAL)),
    )
    return union_all(*arms).cte("grants").prefix_with("MATERIALIZED")


GRANTS = _grants_of_principal()


def _reach() -> CTE:
    closure = account_closure.alias("reach_closure")
    return (
        select(
            closure.c.master_id,
            closure.c.descendant_id.label("account_id"),
            func.bit_or(granted_mask(closure, GRANTS)).label("mask"),
        )
        .select_from(GRANTS)
        .join(
            closure,
            in_tree(closure, GRANTS, ancestor_id="account_id"),
        )
        .where(is_open_to_session(closure.c.master_id, closure.c.descendant_id))
        .group_by(closure.c.master_id, closure.c.descendant_id)
        .cte("reach")
        .prefix_with("MATERIALIZED")
    )


REACH = _reach()


def mask_of_account(
    account: FromClause,
    grants: FromClause = GRANTS,
    until: ColumnElement[datetime.datetime] = FOREVER,
) -> FromClause:
    """One row (mask, lasting_mask, below_mask) for an account. NULLs where nothing reaches it.

    `lasting_mask`, `below_mask`: what may be passed on, here and below, to what ends at `until`. They come
    from grants that hold until then, never from shares or break-glass (N19).
    """
    closure, grant = account_closure.alias(), grants.alias()
    lasting = grant.c.ends_at >= until
    # The grants of somebody else are judged without the caller's session.
    is_open = is_open_to_session(closure.c.master_id, closure.c.descendant_id) if grants is GRANTS else true()
    return (
        select(
            func.bit_or(granted_mask(closure, grant)).label("mask"),
            func.bit_or(granted_mask(closure, grant)).filter(lasting).label("lasting_mask"),
            func.bit_or(passed_mask(closure, grant)).filter(lasting).label("below_mask"),
        )
        .select_from(closure)
        .join(
            grant,
            in_tree(grant, closure, account_id="ancestor_id"),
        )
        .where(in_tree(closure, account, descendant_id="id"), is_open)
        .correlate(account)
        .lateral()
    )


def readable_accounts() -> tuple[FromClause, Select[Any]]:
    """The table's alias, and its readable rows with their `mask`: for lists over the whole reach."""
    account = accounts.alias()
    joined = in_tree(REACH, account, account_id="id")
    statement = select(*account.c, REACH.c.mask).select_from(account.join(REACH, joined))
    return account, statement.where(allows(REACH.c.mask, Permission.ACCOUNT_READ))


def readable_account() -> tuple[FromClause, Select[Any]]:
    """As `readable_accounts`, with each mask computed by itself: for look-ups and short lists."""
    account = accounts.alias()
    granted = mask_of_account(account)
    statement = select(*account.c, granted.c.mask).select_from(account.join(granted, true()))
    return account, statement.where(allows(granted.c.mask, Permission.ACCOUNT_READ))


def account_where(table: FromClause, permission: Permission) -> ColumnElement[bool]:
    """Whether a row of a tree's table belongs to an account where the caller holds the permission."""
    return _account_where(table, lambda mask: allows(mask, permission))


def account_where_all(table: FromClause, needed: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a row of a tree's table belongs to an account where the caller holds all permissions of a mask,
    which may be another one for each row."""
    return _account_where(table, lambda mask: mask.op("&")(needed) == needed)


def _account_where(
    table: FromClause, condition: Callable[[ColumnElement[int]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    account = accounts.alias()
    granted = mask_of_account(account)
    return exists(
        select(account.c.id)
        .select_from(account.join(granted, true()))
        .where(
            in_tree(account, table, id="account_id"),
            allows(granted.c.mask, Permission.ACCOUNT_READ),
            condition(granted.c.mask),
        )
        .correlate(table)
    )
