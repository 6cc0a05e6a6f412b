"""Roles and the policy lines that they are made of. What changes the custom ones is in `role_changes`."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, select

from authz.guards.delegation import usable_in
from authz.policy.permissions import Permission, allows
from authz.reach.reach import account_where, readable_account, readable_accounts
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.roles.tables import role_policy_lines, roles
from resolvers.inputs.global_ids import RoleIdArgument

BY_NAME = Order("roles", (roles.c.sort_key, roles.c.id))
"""By name."""


def of_account(account: FromClause) -> Select[Any]:
    """The roles that can be given in the account: the built-in ones, its own, and those of the accounts
    above it."""
    role = roles.alias()
    return select(*role.c).where(usable_in(role, account))


def by_id(root: FromClause, id: RoleIdArgument) -> Select[Any]:
    """A role that is built in, known to everybody, or among the roles of an account where the viewer may see
    them."""
    role = roles.alias()
    known = role.c.account_id.is_(None) | _listed_somewhere(role)
    return select(*role.c).where(role.c.id == id, role.c.deleted_at.is_(None), known)


def of_result(result: FromClause) -> Select[Any]:
    """The role, as it is now."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == result.c.role_id, account_where(role, Permission.ROLES_READ))


def _listed_somewhere(role: FromClause) -> ColumnElement[bool]:
    _, statement = readable_accounts()
    account, path = statement.subquery(), account_closure.alias()
    return exists(
        select(path.c.descendant_id)
        .select_from(path)
        .join(account, and_(account.c.master_id == path.c.master_id, account.c.id == path.c.descendant_id))
        .where(
            path.c.master_id == role.c.master_id,
            path.c.ancestor_id == role.c.account_id,
            allows(account.c.mask, Permission.ROLES_READ),
        )
        .correlate(role)
    )


def account_of(role: FromClause) -> Select[Any]:
    """The account that the role belongs to; null for a built-in role, and where the account is outside the
    viewer's reach."""
    account, statement = readable_account()
    return statement.where(account.c.id == role.c.account_id, account.c.master_id == role.c.master_id).limit(
        1
    )


def is_built_in(role: FromClause) -> ColumnElement[bool]:
    """Whether it is the same in every account and cannot be changed."""
    return role.c.account_id.is_(None)


def member_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives in the account that it is held in."""
    return role.c.member_mask


def ancestor_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives in every account below the one that it is held in."""
    return role.c.ancestor_mask


def inherited_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives below, where the account that it is held in passes all of its roles down."""
    return role.c.inherited_mask


def policy_lines(role: FromClause) -> Select[Any]:
    """The lines of the policy, as casbin reads them. Everything that is not allowed is denied."""
    line = role_policy_lines.alias()
    return select(*line.c).where(line.c.role_id == role.c.id)
