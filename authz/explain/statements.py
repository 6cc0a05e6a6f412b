"""The statements that read the facts about somebody's access. All run in one snapshot."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from authz.callers.principals import key_stops, subject_rows
from authz.explain.facts import AskedAccount, Subject, Viewpoint
from authz.policy.permissions import ALL_PERMISSIONS, Permission, mask_literal
from authz.reach.break_glass import opening_holds
from authz.reach.grants import grants_now, membership_holds
from authz.reach.narrowed import grants_of_working
from authz.reach.reach import account_where, mask_of_account
from authz.reach.status import status_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree, row_of
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.people.users import users
from models.promises.tables import access_promises
from models.roles.tables import role_policy_lines, roles
from models.shares.tables import share_accounts, shares

MASTER, ACCOUNT, USER, API_KEY, ROLES = "master_id", "account_id", "user_id", "api_key_id", "role_ids"
"""The statements' parameters."""


def _bound(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Uuid())


@cache
def path_statement(viewpoint: Viewpoint) -> Select[Any]:
    """The account and those above it, upwards, with the mask that the asker holds in each."""
    account, closure = accounts.alias(), account_closure.alias()
    on_path = in_tree(closure, account, ancestor_id="id")
    source: FromClause = closure.join(account, on_path)
    mask: ColumnElement[int] = mask_literal(ALL_PERMISSIONS)
    if viewpoint is Viewpoint.ASKER:
        granted = mask_of_account(account)
        source, mask = source.join(granted, true()), func.coalesce(granted.c.mask, literal_column("0"))
    return (
        select(
            account.c.id,
            account.c.name,
            closure.c.depth,
            account.c.status,
            account.c.rights_inheritance,
            account.c.parent_access,
            mask.label("asker_mask"),
        )
        .select_from(source)
        .where(closure.c.master_id == _bound(MASTER), closure.c.descendant_id == _bound(ACCOUNT))
        .order_by(closure.c.depth)
    )


@cache
def memberships_statement() -> Select[Any]:
    """A person's memberships in the account and above it, expired ones too, the nearest first."""
    closure = account_closure.alias()
    on_path = in_tree(closure, memberships, ancestor_id="account_id")
    return (
        select(
            memberships.c.id,
            memberships.c.account_id,
            memberships.c.role_id,
            memberships.c.expires_at,
            membership_holds().label("holds"),
            case((memberships.c.below_limit_until > func.now(), memberships.c.below_limit)).label(
                "below_limit"
            ),
            memberships.c.below_limit_until,
        )
        .select_from(memberships.join(closure, on_path))
        .where(
            closure.c.master_id == _bound(MASTER),
            closure.c.descendant_id == _bound(ACCOUNT),
            memberships.c.user_id == _bound(USER),
        )
        .order_by(closure.c.depth)
    )


@cache
def openings_statement() -> Select[Any]:
    """For the account and each one above it: the break-glass opening of a person that holds, or else the last
    one."""
    opening, closure = break_glass_openings.alias(), account_closure.alias()
    on_path = in_tree(closure, opening, ancestor_id="account_id")
    return (
        select(
            opening.c.id,
            opening.c.account_id,
            opening.c.expires_at,
            _expired(opening).label("expired"),
            opening.c.ended_at,
        )
        .select_from(opening.join(closure, on_path))
        .where(
            closure.c.master_id == _bound(MASTER),
            closure.c.descendant_id == _bound(ACCOUNT),
            opening.c.user_id == _bound(USER),
        )
        .ext(distinct_on(opening.c.account_id))
        .order_by(opening.c.account_id, opening_holds(opening).desc(), opening.c.id.desc())
    )


@cache
def shares_statement() -> Select[Any]:
    """The shares of the account with a person, in whatever state, and those that wait for the person's
    address. The oldest first."""
    opens = in_tree(share_accounts, shares, share_id="id")
    address = select(users.c.email_canonical).where(users.c.id == _bound(USER)).scalar_subquery()
    waits = and_(shares.c.user_id.is_(None), shares.c.email_canonical == address)
    return (
        select(
            shares.c.id,
            shares.c.role_id,
            shares.c.areas,
            shares.c.areas_mask,
            shares.c.hidden_areas,
            shares.c.hidden_mask,
            shares.c.user_id.is_not(None).label("accepted"),
            _expired(shares).label("expired"),
            shares.c.expires_at,
            shares.c.revoked_at,
        )
        .select_from(shares.join(share_accounts, opens))
        .where(
            share_accounts.c.master_id == _bound(MASTER),
            share_accounts.c.account_id == _bound(ACCOUNT),
            or_(shares.c.user_id == _bound(USER), waits),
        )
        .order_by(shares.c.id)
    )


@cache
def key_statement(viewpoint: Viewpoint) -> Select[Any]:
    """An API key of the tree, and whether the asker may see the keys of its account."""
    key, account = api_keys.alias(), accounts.alias()
    own = in_tree(account, key, id="account_id")
    known = true() if viewpoint is Viewpoint.OPERATOR else account_where(key, Permission.API_KEYS_READ)
    may_stop = key.c.when_maker_loses_access == literal_column(f"'{WhenMakerLosesAccess.STOP.value}'")
    return (
        select(
            key.c.id,
            key.c.name,
            key.c.account_id,
            account.c.name.label("account_name"),
            key.c.role_id,
            key.c.scopes,
            key.c.revoked_at,
            key.c.expires_at,
            _expired(key).label("expired"),
            and_(may_stop, key_stops(key.c.id)).label("stopped"),
            cast(key.c.ip_ranges, ARRAY(Text)).label("ip_ranges"),
            known.label("known"),
        )
        .select_from(key.join(account, own))
        .where(key.c.master_id == _bound(MASTER), key.c.id == _bound(API_KEY))
    )


@cache
def promises_statement() -> Select[Any]:
    """What the account has promised, with the names of the roles."""
    own = and_(access_promises.c.master_id == _bound(MASTER), access_promises.c.account_id == _bound(ACCOUNT))
    names = (
        select(func.array_agg(aggregate_order_by(roles.c.name, roles.c.name)))
        .where(roles.c.id == any_(access_promises.c.role_ids))
        .scalar_subquery()
    )
    return (
        select(access_promises.c.id, access_promises.c.permission, names.label("roles"))
        .where(own, access_promises.c.ended_at.is_(None))
        .order_by(access_promises.c.id)
    )


def _expired(row: FromClause) -> ColumnElement[bool]:
    return func.coalesce(row.c.expires_at <= func.now(), false())


@cache
def roles_statement() -> Select[Any]:
    """Roles with their masks."""
    columns = (roles.c.id, roles.c.name, roles.c.account_id)
    masks = (roles.c.member_mask, roles.c.ancestor_mask, roles.c.inherited_mask)
    return select(*columns, *masks).where(roles.c.id == func.any(_bound_list(ROLES)))


@cache
def lines_statement() -> Select[Any]:
    """The roles' policy lines."""
    return select(role_policy_lines).where(role_policy_lines.c.role_id == func.any(_bound_list(ROLES)))


def _bound_list(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Uuid))


def verdict_statement(account: AskedAccount, subject: Subject) -> Select[Any]:
    """What the subject may do there by reach and status, a mask: as its own `viewerPermissions`."""
    if subject.token is None:
        grants = grants_now(subject_rows(subject.user_id, subject.api_key_id))
    else:
        grants = grants_of_working(subject.token.id).cte("grants")
    granted = mask_of_account(accounts, grants)
    return (
        select(granted.c.mask.op("&")(status_mask(accounts)).label("verdict"))
        .select_from(accounts.join(granted, true()))
        .where(row_of(accounts, account, account.id))
    )
