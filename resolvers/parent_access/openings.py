"""Break-glass openings, as the opened account's people and the opener see them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.declare.paging import Order
from models.base.ids import Kind
from models.parent_access.openings import break_glass_openings
from models.people.users import users
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, known_person, rows_of

BY_ID = Order("breakGlass", (break_glass_openings.c.id,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """Break-glass accesses to the account by people from above, newest first."""
    return rows_of(break_glass_openings, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.BREAK_GLASS)]) -> Select[Any]:
    """An opening of an account whose log the viewer may read, or the viewer's own."""
    opening = break_glass_openings.alias()
    return select(*opening.c).where(opening.c.id == id, _may_see(opening))


def of_result(result: FromClause) -> Select[Any]:
    """The opening, as it is now."""
    opening = break_glass_openings.alias()
    return select(*opening.c).where(opening.c.id == result.c.break_glass_id, _may_see(opening))


def _may_see(opening: FromClause) -> ColumnElement[bool]:
    own = opening.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return own | account_where(opening, Permission.AUDIT_READ)


def user_of(opening: FromClause) -> Select[Any]:
    """The person who opened it; null if you may not see the account's members."""
    return known_person(opening, "user_id")


def user_name(opening: FromClause) -> ColumnElement[str]:
    """That person's name."""
    person = users.alias()
    return select(person.c.name).where(person.c.id == opening.c.user_id).correlate(opening).scalar_subquery()


def account_of(opening: FromClause) -> Select[Any]:
    """The account that was opened."""
    return account_behind(opening)
