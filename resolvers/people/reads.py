"""People."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from models.people.users import users
from resolvers.inputs.global_ids import UserIdArgument


def by_id(root: FromClause, id: UserIdArgument) -> Select[Any]:
    """The viewer's own person: others are seen where they are members."""
    person = users.alias()
    return select(*person.c).join(PRINCIPAL, PRINCIPAL.c.user_id == person.c.id).where(person.c.id == id)


def known_in(person: FromClause, row: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know a person that a row of an account names: by seeing the account's members,
    or by being that person."""
    itself = person.c.id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return itself | account_where(row, Permission.MEMBERS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The person."""
    person = users.alias()
    return select(*person.c).where(person.c.id == result.c.user_id)
