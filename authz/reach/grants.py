"""What gives rights: memberships, API keys, shares and break-glass, each as rows of one shape.

A *grant* names an account, the mask that holds there, the mask that holds in the accounts below, and when it
ends: nothing that is passed on may outlive it.
"""

import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from authz.policy.permissions import ALL_PERMISSIONS, mask_literal
from authz.reach.break_glass import opening_grants
from authz.reach.ends import ANY_MOMENT, FOREVER, end_of
from models.accounts.tables import RightsInheritance, accounts
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.members.tables import memberships
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares


def membership_holds() -> ColumnElement[bool]:
    """Whether a membership holds now, by the database's clock (T9)."""
    return or_(memberships.c.expires_at.is_(None), memberships.c.expires_at > func.now())


def active_memberships() -> FromClause:
    """The memberships that hold now."""
    return select(*memberships.c).where(membership_holds()).subquery("active_memberships")


def below_mask(role: FromClause, account: FromClause) -> ColumnElement[int]:
    """What a role that is held in an account gives in the accounts below it (R45, R66, R73)."""
    passes_all = account.c.rights_inheritance == literal_column(f"'{RightsInheritance.ALL_ROLES.value}'")
    return case((passes_all, role.c.inherited_mask), else_=role.c.ancestor_mask)


def limited_below_mask(member: FromClause, role: FromClause, account: FromClause) -> ColumnElement[int]:
    """What a membership gives in the accounts below its own, at most the limit that staff have set (R73)."""
    return below_mask(role, account).op("&")(_below_limit(member))


def _below_limit(member: FromClause) -> ColumnElement[int]:
    limited = member.c.below_limit_until > func.now()
    return case((limited, member.c.below_limit), else_=mask_literal(ALL_PERMISSIONS))


def _below_mask_of(held: FromClause, role: FromClause) -> ColumnElement[int]:
    """`below_mask` for what is held in an account (master_id, account_id). The account is read only where the
    role's masks differ: that saves an administrator of 500 accounts 500 look-ups."""
    account = accounts.alias()
    asked = (
        select(below_mask(role, account))
        .where(in_tree(account, held, id="account_id"))
        .correlate(held, role)
        .scalar_subquery()
    )
    same = role.c.inherited_mask == role.c.ancestor_mask
    return case((same, role.c.ancestor_mask), else_=asked)


def membership_grants(principal: FromClause, *more: str) -> Select[Any]:
    """Grants of memberships. `more`: further columns, of the memberships; likewise for keys and shares."""
    member, role = active_memberships(), roles.alias()
    below = _below_mask_of(member, role).op("&")(_below_limit(member))
    return _grants_of_members(principal, member, role, below, *more)


def _unlimited_membership_grants(principal: FromClause, *more: str) -> Select[Any]:
    """What they give without the limits that staff have set (R73), which end by themselves."""
    member, role = active_memberships(), roles.alias()
    return _grants_of_members(principal, member, role, _below_mask_of(member, role), *more)


def _grants_of_members(
    principal: FromClause, member: FromClause, role: FromClause, below: ColumnElement[int], *more: str
) -> Select[Any]:
    return (
        select(
            member.c.master_id,
            member.c.account_id,
            member.c.account_id.label("from_id"),
            role.c.member_mask.label("own_mask"),
            below.label("below_mask"),
            end_of(member).label("ends_at"),
            *(member.c[name] for name in more),
        )
        .select_from(principal)
        .join(member, member.c.user_id == principal.c.user_id)
        .join(role, role.c.id == member.c.role_id)
    )


def _key_grants(principal: FromClause, *more: str) -> Select[Any]:
    key = api_keys.alias()
    return grants_of_keys(key, principal.join(key, key.c.id == principal.c.api_key_id), *more)


def grants_of_keys(key: FromClause, source: FromClause, *more: str) -> Select[Any]:
    """The grants of keys (master_id, account_id, role_id, scopes, expires_at)."""
    role = roles.alias()
    return (
        select(
            key.c.master_id,
            key.c.account_id,
            key.c.account_id.label("from_id"),
            role.c.member_mask.op("&")(key.c.scopes).label("own_mask"),
            _below_mask_of(key, role).op("&")(key.c.scopes).label("below_mask"),
            end_of(key).label("ends_at"),
            *(key.c[name] for name in more),
        )
        .select_from(source)
        .join(role, role.c.id == key.c.role_id)
    )


def share_holds(share: FromClause) -> ColumnElement[bool]:
    """Whether a share holds now, by the database's clock: accepted, neither revoked nor expired."""
    unexpired = or_(share.c.expires_at.is_(None), share.c.expires_at > func.now())
    return and_(share.c.user_id.is_not(None), share.c.revoked_at.is_(None), unexpired)


def share_mask(share: FromClause, role: FromClause) -> ColumnElement[int]:
    """What a share gives in each of its accounts: its role or areas, without what it hides (R24, R38)."""
    given = func.coalesce(role.c.member_mask, share.c.areas_mask)
    return given.op("&")(share.c.hidden_mask.op("#")(mask_literal(ALL_PERMISSIONS)))


def share_grants(principal: FromClause, *more: str) -> Select[Any]:
    """Grants of shares: in exactly the shared accounts, nothing above or below them (R21, R34)."""
    share, opened, role = shares.alias(), share_accounts.alias(), roles.alias()
    return (
        select(
            opened.c.master_id,
            opened.c.account_id,
            opened.c.account_id,
            share_mask(share, role),
            mask_literal(0),
            ANY_MOMENT.label("ends_at"),
            *(share.c[name] for name in more),
        )
        .select_from(principal)
        .join(share, share.c.user_id == principal.c.user_id)
        .join(opened, in_tree(opened, share, share_id="id"))
        .outerjoin(role, role.c.id == share.c.role_id)
        .where(share_holds(share))
    )


def grants_now(principal: FromClause) -> CTE:
    """All grants of the principal now, computed once."""
    return grant_rows_now(principal).cte("grants").prefix_with("MATERIALIZED")


def grant_rows(principal: FromClause) -> CompoundSelect[Any]:
    """The principal's grants except break-glass: rows (master_id, account_id, from_id, own_mask, below_mask,
    ends_at).

    `from_id`: the account that the right is held in; it differs from `account_id` only for break-glass.
    `ends_at`: the right may be passed on only to what ends then or before.
    """
    return union_all(*_grants(principal))


def unlimited_grant_rows(principal: FromClause) -> CompoundSelect[Any]:
    """The same as `grant_rows`, without the limits that staff have set, which end by themselves."""
    kinds = _unlimited_membership_grants, _key_grants, share_grants
    return union_all(*(grants(principal) for grants in kinds))


def grant_rows_now(principal: FromClause) -> CompoundSelect[Any]:
    """The principal's grants, with those of break-glass."""
    return union_all(*_grants(principal), opening_grants(principal))


def dated_grant_rows(principals: FromClause, *whose: str) -> CompoundSelect[Any]:
    """The grants of several principals, with the moment when each ends (`expires_at`; null: never), and the
    columns that say whose it is."""
    end = "expires_at"
    grants = (*_grants(principals, end), opening_grants(principals, end))
    return union_all(*(grant.add_columns(*(principals.c[name] for name in whose)) for grant in grants))


def roled_grant_rows(principals: FromClause, *whose: str) -> CompoundSelect[Any]:
    """The grants of several principals except break-glass, with the role that each gives (`role_id`; null: a
    share of areas), and the columns that say whose it is. Limits of one person's rights below are left
    out."""
    kinds = _unlimited_membership_grants, _key_grants, share_grants
    grants = [grant(principals, "role_id") for grant in kinds]
    return union_all(*(grant.add_columns(*(principals.c[name] for name in whose)) for grant in grants))


def _grants(principal: FromClause, *more: str) -> tuple[Select[Any], ...]:
    return tuple(grants(principal, *more) for grants in (membership_grants, _key_grants, share_grants))


def lasting_grants(principal: FromClause, until: ColumnElement[datetime.datetime] = FOREVER) -> Select[Any]:
    """The principal's grants that it may pass on to what ends then: of memberships and keys that hold until
    then, not of shares or break-glass."""
    own = union_all(membership_grants(principal), _key_grants(principal)).subquery("own_grants")
    return select(*own.c).where(own.c.ends_at >= until)


def granted_mask(closure: FromClause, grant: FromClause) -> ColumnElement[int]:
    """What a grant gives in the descendant: in its own account all of it, below what passes the links."""
    own = closure.c.depth == literal_column("0")
    return case((own, grant.c.own_mask), else_=passed_mask(closure, grant))


def passed_mask(closure: FromClause, grant: FromClause) -> ColumnElement[int]:
    """What a grant gives below the descendant, as far as the links down to the descendant let it pass."""
    return grant.c.below_mask.op("&")(closure.c.passed_mask)
