"""Roles, and the policy lines that they consist of. `resolvers.roles.change` changes custom ones."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from authz.guards.delegation import usable_in
from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_accounts
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.roles.tables import role_policy_lines, roles
from resolvers.inputs.global_ids import RoleIdArgument
from resolvers.rows.shown import account_behind, row_by_id

BY_NAME = Order("roles", (roles.c.sort_key, roles.c.id))


def order(**_: object) -> Order:
    """By name."""
    return BY_NAME


def of_account(account: FromClause) -> Select[Any]:
    """The roles that can be given in the account: the built-in ones, its own, and those of the accounts
    above it."""
    role = roles.alias()
    return select(*role.c).where(usable_in(role, account))


def by_id(root: FromClause, id: RoleIdArgument) -> Select[Any]:
    """A built-in role, which everybody may see, or a role of an account where the viewer may see roles."""
    role = roles.alias()
    known = role.c.account_id.is_(None) | _listed_somewhere(role)
    return select(*role.c).where(role.c.id == id, role.c.deleted_at.is_(None), known)


def of_result(result: FromClause) -> Select[Any]:
    """The role, as it is now."""
    return row_by_id(roles, result.c.role_id, Permission.ROLES_READ)


def _listed_somewhere(role: FromClause) -> ColumnElement[bool]:
    _, statement = readable_accounts()
    account, path = statement.subquery(), account_closure.alias()
    return exists(
        select(path.c.descendant_id)
        .select_from(path)
        .join(account, in_tree(account, path, id="descendant_id"))
        .where(in_tree(path, role, ancestor_id="account_id"), allows(account.c.mask, Permission.ROLES_READ))
        .correlate(role)
    )


def account_of(role: FromClause) -> Select[Any]:
    """The account that the role belongs to. Null for a built-in role, and where the account is outside the
    viewer's reach."""
    return account_behind(role)


def is_built_in(role: FromClause) -> ColumnElement[bool]:
    """Whether it is the same in every account and cannot be changed."""
    return role.c.account_id.is_(None)


def member_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions in the account that holds the role."""
    return role.c.member_mask


def ancestor_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions in every account below the one that holds the role."""
    return role.c.ancestor_mask


def inherited_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions below, where the account that holds the role passes all its roles down."""
    return role.c.inherited_mask


def policy_lines(role: FromClause) -> Select[Any]:
    """The policy lines, as casbin reads them. What no line allows is denied."""
    line = role_policy_lines.alias()
    return select(*line.c).where(line.c.role_id == role.c.id)
