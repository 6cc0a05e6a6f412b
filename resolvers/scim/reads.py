"""The directory's groups, as viewers of a master account's members see them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.scim.tables import scim_group_members, scim_group_roles, scim_groups
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, role_behind, row_by_id, rows_of

BY_ID = Order("scim_groups", (scim_groups.c.id,))
"""Oldest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The groups that the company's directory has provisioned (SCIM), oldest first. Only master accounts have
    some."""
    return rows_of(scim_groups, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.SCIM_GROUP)]) -> Select[Any]:
    """A group of an account whose members the viewer may see."""
    return row_by_id(scim_groups, id, Permission.MEMBERS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The group, as it is now."""
    return row_by_id(scim_groups, result.c.group_id, Permission.MEMBERS_READ)


def member_count(group: FromClause) -> ColumnElement[int]:
    """How many people are in it."""
    member = scim_group_members.alias()
    counted = select(func.count()).where(in_tree(member, group, group_id="id")).correlate(group)
    return counted.scalar_subquery()


def roles_of(group: FromClause) -> Select[Any]:
    """The roles that its members get."""
    mapped = scim_group_roles.alias()
    statement = select(*mapped.c).where(in_tree(mapped, group, group_id="id"))
    return statement.order_by(mapped.c.account_id)


def account_of(mapped: FromClause) -> Select[Any]:
    """The account in which they get the role; null outside the viewer's reach."""
    return account_behind(mapped)


def role_of(mapped: FromClause) -> Select[Any]:
    """The role."""
    return role_behind(mapped)
