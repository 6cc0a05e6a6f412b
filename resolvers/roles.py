"""Roles and the policy lines that they are made of."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, func, select

from engine.paging import Order
from models.roles import role_policy_lines, roles
from resolvers.identifiers import RoleIdArgument

BY_ID = Order("roles", (roles.c.name, roles.c.id))


def order(**_: object) -> Order:
    """By name."""
    return BY_ID


def of_account(account: FromClause) -> Select[Any]:
    """The roles that can be given in the account."""
    role = roles.alias()
    return select(*role.c).where(role.c.account_id.is_(None))


def by_id(root: FromClause, id: RoleIdArgument) -> Select[Any]:
    """A built-in role: known to everybody."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == id, role.c.account_id.is_(None))


def member_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives in the account that it is held in."""
    return role.c.member_mask


def ancestor_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives in every account below the one that it is held in."""
    return role.c.ancestor_mask


def inherited_permissions(role: FromClause) -> ColumnElement[int]:
    """What it gives below, where the account that it is held in passes all of its roles down."""
    return role.c.inherited_mask


def policy_lines(role: FromClause) -> ColumnElement[Any]:
    """The lines of the policy, as casbin reads them."""
    line = role_policy_lines.alias()
    shown = func.concat_ws(", ", "p", role.c.name, line.c.relation, line.c.area, line.c.action, line.c.effect)
    return func.array(
        select(shown)
        .where(line.c.role_id == role.c.id)
        .order_by(line.c.relation, line.c.area, line.c.action, line.c.effect)
        .correlate(role)
        .scalar_subquery(),
        type_=ARRAY(Text),
    )
