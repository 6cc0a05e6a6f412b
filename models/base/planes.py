"""The two planes: each table is of one of them, and no statement names tables of both.

The control plane holds who there is and what is paid. It stays together in one database. The data plane holds
contacts and what they are sent. It grows with them, and may one day be spread over many databases, tree by
tree. So all of its tables follow one rule: keys and indexes begin with the tree and the account.
"""

import enum
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint, Uuid, text
from sqlalchemy.schema import SchemaItem

from models.base.columns import Column, account_columns, metadata

BY_MONTH = "RANGE (%s)"
"""What divides a table by the months of the ids in a column. A migration that makes it says so too."""


class Plane(enum.Enum):
    """A half of the tables."""

    CONTROL = "control"
    DATA = "data"


def control_table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    """A table of the control plane."""
    return _table(Plane.CONTROL, name, *parts, **options)


def data_table(
    name: str,
    *parts: SchemaItem,
    key: Sequence[str] = ("id",),
    by_month: bool = False,
    months_of: str = "id",
    **options: Any,
) -> Table:
    """A table of the data plane. Its columns begin with the tree and the account.

    `key`: what a row is found by in its account. A row that links two others has no id, but theirs.
    `by_month`: its rows are in parts by the months of their ids, and are deleted a month at a time (see
    `months.sql`). `months_of`: the column whose ids decide, which is in the key; where it is not `id`, it
    holds the ids of rows of another such table, with which these rows end.
    """
    if by_month:
        options["postgresql_partition_by"] = BY_MONTH % months_of
    ids = [Column("id", Uuid, nullable=False)] if "id" in key else []
    primary_key = PrimaryKeyConstraint("master_id", "account_id", *key)
    return _table(Plane.DATA, name, *account_columns(), *ids, *parts, primary_key, **options)


def unique_in_account(*columns: str) -> UniqueConstraint:
    """No two rows of an account have the same values there. For a table of the data plane."""
    return UniqueConstraint("master_id", "account_id", *columns)


def unique_where_given(table: str, column: str) -> Index:
    """No two rows of an account have the same value there; any number have none.

    The index leaves out the rows without a value. So PostgreSQL does not take it for a search by anything
    else. In a table that was never analyzed it seems as good as the primary key, because both begin with the
    account; then PostgreSQL would read all of the account for each row that a foreign key checks.
    """
    given = text(f"{column} IS NOT NULL")
    names = ("master_id", "account_id", column)
    return Index(f"uq_{table}_{column}", *names, unique=True, postgresql_where=given)


def data_reference(column: str, table: str) -> ForeignKeyConstraint:
    """The foreign key from a table of the data plane to another one, inside the account."""
    return ForeignKeyConstraint(
        ["master_id", "account_id", column], [f"{table}.{name}" for name in ("master_id", "account_id", "id")]
    )


def tables_of(plane: Plane) -> list[Table]:
    """The tables of a plane, those first that others refer to."""
    return [table for table in metadata.sorted_tables if plane_of(table) is plane]


def plane_of(table: Table) -> Plane:
    """The table's plane. Raises KeyError for a table that names none."""
    plane: Plane = table.info[Plane]
    return plane


def _table(
    plane: Plane, name: str, *parts: SchemaItem, info: dict[Any, Any] | None = None, **options: Any
) -> Table:
    return Table(name, metadata, *parts, info={Plane: plane, **(info or {})}, **options)
