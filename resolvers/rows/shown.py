"""What a row names, as the viewer sees it: its account, a person, a role."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.people.users import users
from models.roles.tables import roles


def rows_of(table: Table, row: FromClause, **columns: str) -> Select[Any]:
    """The rows that belong to a row of the same tree: `rows_of(api_keys, account, account_id="id")`."""
    found = table.alias()
    return select(*found.c).where(in_tree(found, row, **columns))


def row_by_id(table: Table, id: ColumnElement[uuid.UUID], permission: Permission) -> Select[Any]:
    """The row with this id, in an account where the viewer holds the permission."""
    found = table.alias()
    return select(*found.c).where(found.c.id == id, account_where(found, permission))


def account_behind(row: FromClause, column: str = "account_id") -> Select[Any]:
    """The account that the column names. No row where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(in_tree(account, row, id=column)).limit(1)


def person_behind(row: FromClause, column: str = "user_id") -> Select[Any]:
    """The person that the column names."""
    person = users.alias()
    return select(*person.c).where(person.c.id == row.c[column])


def known_person(row: FromClause, column: str) -> Select[Any]:
    """The person that the column names. No row where the viewer neither sees the members of the row's account
    nor is that person."""
    person = users.alias()
    known = is_viewer(person.c.id) | account_where(row, Permission.MEMBERS_READ)
    return select(*person.c).where(person.c.id == row.c[column], known)


def is_viewer(user_id: ColumnElement[uuid.UUID]) -> ColumnElement[bool]:
    """Whether the viewer is this person."""
    return user_id == select(PRINCIPAL.c.user_id).scalar_subquery()


def role_behind(row: FromClause) -> Select[Any]:
    """The role that a row's `role_id` names."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == row.c.role_id)


def name_of_person_or_key(row: FromClause, user_id: str, api_key_id: str) -> ColumnElement[str]:
    """The name of the person that one column names, or of the API key that the other one names."""
    person, key = users.alias(), api_keys.alias()
    of_person = select(person.c.name).where(person.c.id == row.c[user_id]).correlate(row)
    of_key = select(key.c.name).where(in_tree(key, row, id=api_key_id)).correlate(row)
    return func.coalesce(of_person.scalar_subquery(), of_key.scalar_subquery())
