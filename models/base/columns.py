"""The metadata that every table belongs to, and the column shapes that tables share."""

import functools
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, MetaData, Text, Uuid, func
from sqlalchemy.sql.elements import ColumnClause

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPLICATION_ROLE = "mandant_application"
"""The database role of the server. It owns nothing and bypasses nothing."""

DATA_ROLE = "mandant_data"
"""The role that the server takes for statements of the data plane (see `models.base.planes`)."""

NOT_OF_A_TREE = "not of a tree"
"""In the `info` of a table with `master_id`: why it has no policy of row level security."""


class Column(sqlalchemy.Column[T]):
    """SQLAlchemy's column, but lighter in aliases and sub-selects: there it is only a name and a type. A
    compiled read makes hundreds of those."""

    inherit_cache = True

    @functools.cached_property
    def _bare(self) -> ColumnClause[T]:
        return ColumnClause(self.name, self.type)

    def _make_proxy(self, *arguments: Any, **keywords: Any) -> tuple[str, ColumnClause[T]]:
        key, proxy = self._bare._make_proxy(*arguments, **keywords)
        proxy._proxies = [self]
        return key, proxy


def created_at() -> Column[object]:
    """When the row was inserted, by the database's clock."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def moment(name: str, *, nullable: bool = True) -> Column[object]:
    """A column for a point in time, with its zone."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def account_columns() -> list[Column[object]]:
    """The columns for the account that a row belongs to, led by its tree."""
    return [Column("master_id", Uuid, nullable=False), Column("account_id", Uuid, nullable=False)]


def account_reference() -> ForeignKeyConstraint:
    """The foreign key of `account_columns`."""
    return ForeignKeyConstraint(["master_id", "account_id"], ["accounts.master_id", "accounts.id"])


def short_text(name: str, *, nullable: bool = False) -> Column[object]:
    """A column for text that a person typed. `short_text_check` bounds it."""
    return Column(name, Text, nullable=nullable)


SHORT_TEXT_LENGTH = 200
"""The longest name, in characters."""


def short_text_check(name: str) -> CheckConstraint:
    """The column holds between 1 and 200 characters."""
    return CheckConstraint(f"char_length({name}) BETWEEN 1 AND {SHORT_TEXT_LENGTH}", name=f"{name}_length")
