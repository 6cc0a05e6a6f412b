"""Roles, and the policy lines that they consist of. `resolvers.roles.change` changes custom ones."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, select

from authz.guards.delegation import usable_in
from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_accounts
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.roles.tables import role_policy_lines, roles
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, row_by_id

BY_NAME = Order("roles", (roles.c.sort_key, roles.c.id))
"""By name."""


def of_account(account: FromClause) -> Select[Any]:
    """The roles that can be given in the account: built-in roles, its own roles, and roles of accounts
    above."""
    role = roles.alias()
    return select(*role.c).where(usable_in(role, account))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.ROLE)]) -> Select[Any]:
    """A built-in role, which everybody may see, or a role of an account where the viewer may see roles."""
    role = roles.alias()
    known = role.c.account_id.is_(None) | _listed_somewhere(role)
    return select(*role.c).where(role.c.id == id, role.c.deleted_at.is_(None), known)


def of_result(result: FromClause) -> Select[Any]:
    """The role after the change."""
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
    """The account that the role belongs to; null for a built-in role, and if the account is outside your
    reach."""
    return account_behind(role)


def is_built_in(role: FromClause) -> ColumnElement[bool]:
    """Whether it is built in: the same in every account, and not changeable."""
    return role.c.account_id.is_(None)


def member_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions that it gives in the account where a person or key has it."""
    return role.c.member_mask


def ancestor_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions that it gives in every account below that one."""
    return role.c.ancestor_mask


def inherited_permissions(role: FromClause) -> ColumnElement[int]:
    """The permissions that it gives below, if the account passes all its roles down."""
    return role.c.inherited_mask


def policy_lines(role: FromClause) -> Select[Any]:
    """The lines of the casbin policy for the role. What no line allows is denied."""
    line = role_policy_lines.alias()
    return select(*line.c).where(line.c.role_id == role.c.id)
