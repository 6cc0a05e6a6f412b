"""Conditions between rows of one tree. Each compares `master_id`, so that no join can forget the tenant."""

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Uuid, and_, bindparam, select

from models.accounts.tables import account_closure


class InTree(Protocol):
    """Anything that belongs to a tree."""

    @property
    def master_id(self) -> uuid.UUID:
        """The root of the tree."""


class Place(InTree, Protocol):
    """An account by its key: what a write has locked, or what a job names."""

    @property
    def account_id(self) -> uuid.UUID:
        """Its own id."""


@dataclass(frozen=True)
class _NamedPlace:
    master_id: Any
    account_id: Any


NAMED = _NamedPlace(bindparam("master_id", type_=Uuid()), bindparam("account_id", type_=Uuid()))
"""An account that each execution of a statement names, by the values of `columns_of`: for statements that are
built once (see `engine.writes.fixed_statements`)."""


def in_tree(one: FromClause, other: FromClause, **columns: str) -> ColumnElement[bool]:
    """Whether two rows are of one tree and these columns are equal: `in_tree(key, account, account_id="id")`
    means that the key's `account_id` is the account's `id`."""
    equal = [one.c[mine] == other.c[theirs] for mine, theirs in columns.items()]
    return and_(one.c.master_id == other.c.master_id, *equal)


def this_account(accounts: FromClause, place: Place) -> ColumnElement[bool]:
    """Whether a row of `accounts` is this account."""
    return row_of(accounts, place, place.account_id)


def in_account(rows: FromClause, place: Place) -> ColumnElement[bool]:
    """Whether rows with an `account_id` belong to this account."""
    return and_(rows.c.master_id == place.master_id, rows.c.account_id == place.account_id)


def row_of(rows: FromClause, tree: InTree, id: Any) -> ColumnElement[bool]:
    """Whether a row of the tree has this `id`."""
    return and_(rows.c.master_id == tree.master_id, rows.c.id == id)


def columns_of(place: Place) -> dict[str, uuid.UUID]:
    """The account as columns of a row that belongs to it."""
    return {"master_id": place.master_id, "account_id": place.account_id}


def nearest_above(
    account: FromClause, rows: FromClause, key: str, condition: ColumnElement[bool]
) -> ColumnElement[Any]:
    """The id of the nearest account, this one or one above it, that a row meets the condition for. `key`: the
    row's column that names its account. NULL: there is none."""
    path = account_closure.alias()
    return (
        select(path.c.ancestor_id)
        .select_from(path.join(rows, in_tree(rows, path, **{key: "ancestor_id"})))
        .where(in_tree(path, account, descendant_id="id"), condition)
        .order_by(path.c.depth)
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
