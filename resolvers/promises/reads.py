"""Promises, as those see them who see the members of the account."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, any_, func, select

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.promises.tables import access_promise_exceptions, access_promises
from models.roles.tables import roles
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import known_person, row_by_id

BY_ID = Order("accessPromises", (access_promises.c.id,))
"""Oldest first."""


def of_account(account: FromClause) -> Select[Any]:
    """What the account has promised and has not ended, oldest first."""
    promise = access_promises.alias()
    own = in_tree(promise, account, account_id="id")
    return select(*promise.c).where(own, promise.c.ended_at.is_(None))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.ACCESS_PROMISE)]) -> Select[Any]:
    """A promise of an account whose members the viewer may see."""
    return row_by_id(access_promises, id, Permission.MEMBERS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The promise, as it is now."""
    return row_by_id(access_promises, result.c.promise_id, Permission.MEMBERS_READ)


def roles_of(promise: FromClause) -> Select[Any]:
    """The roles whose holders may have the permission. One that was deleted has none, and is left out."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == any_(promise.c.role_ids), role.c.deleted_at.is_(None))


def permissions_of(promise: FromClause) -> ColumnElement[int]:
    """The permission, as a list of one."""
    mask: ColumnElement[int] = promise.c.permission
    return mask


def exceptions_of(promise: FromClause) -> ColumnElement[int]:
    """How many people and API keys have got it all the same, by a change that an owner gave a reason for, or
    by a release of the platform that its operator gave a reason for."""
    excepted = access_promise_exceptions.alias()
    counted = select(func.count()).select_from(excepted)
    return counted.where(in_tree(excepted, promise, promise_id="id")).correlate(promise).scalar_subquery()


def maker_of(promise: FromClause) -> Select[Any]:
    """The person who made it; null if an API key did."""
    return known_person(promise, "maker_user_id")
