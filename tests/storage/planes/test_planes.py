"""The two planes: each table names its own, and those of the data plane keep to its rules."""

from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem

from models import metadata
from models.base.columns import Column
from models.base.planes import Plane, plane_of, tables_of
from tests.storage.planes.data_plane_rules import faults

_DATA_TABLES = tables_of(Plane.DATA)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_table_names_its_plane(table: Table) -> None:
    assert plane_of(table) in Plane


def test_a_table_without_a_plane_is_noticed() -> None:
    with pytest.raises(KeyError):
        plane_of(Table("lost", MetaData()))


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_foreign_key_stays_in_its_plane(table: Table) -> None:
    assert {plane_of(constraint.referred_table) for constraint in table.foreign_key_constraints} <= {
        plane_of(table)
    }


@pytest.mark.parametrize("table", _DATA_TABLES, ids=lambda table: table.name)
def test_a_data_table_keeps_to_the_rules(table: Table) -> None:
    assert faults(table) == []


_OF_ACCOUNT = ("master_id", "account_id")


def _data_table(*parts: SchemaItem, key: tuple[str, ...] = (*_OF_ACCOUNT, "id")) -> Table:
    """A table of the data plane. Except for these parts or this key it keeps to the rules. Another data table
    and a control table stand beside it."""
    tables = MetaData()
    for name, plane in (("accounts", Plane.CONTROL), ("pages", Plane.DATA)):
        ids = [Column(column, Uuid) for column in (*_OF_ACCOUNT, "id")]
        Table(name, tables, *ids, PrimaryKeyConstraint(*_OF_ACCOUNT, "id"), info={Plane: plane})
    columns = [Column(column, Uuid) for column in (*_OF_ACCOUNT, "id", "page_id")]
    return Table(
        "notes",
        tables,
        *columns,
        Column("name", Text),
        *parts,
        PrimaryKeyConstraint(*key),
        info={Plane: Plane.DATA},
    )


def _reference(
    own: tuple[str, ...], table: str, others: tuple[str, ...], **action: Any
) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(own, [f"{table}.{name}" for name in others], **action)


_TO_PAGE, _PAGE = (*_OF_ACCOUNT, "page_id"), (*_OF_ACCOUNT, "id")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (_data_table(), []),
        (_data_table(UniqueConstraint(*_OF_ACCOUNT, "name"), Index(None, "name")), []),
        (_data_table(Column("at", DateTime(timezone=True), server_default=func.now())), []),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE)), []),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE), key=_TO_PAGE), []),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE), key=(*_OF_ACCOUNT, "name", "page_id")), []),
        (_data_table(key=(*_OF_ACCOUNT, "page_id", "name")), ["key"]),
        (_data_table(key=("master_id", "id")), ["key"]),
        (_data_table(key=_OF_ACCOUNT), ["key"]),
        (_data_table(key=_TO_PAGE), ["key"]),
        (_data_table(key=("account_id", "master_id", "id")), ["key"]),
        (_data_table(Column("n", BigInteger), key=(*_OF_ACCOUNT, "n")), ["key", "number"]),
        (_data_table(UniqueConstraint("master_id", "name")), ["unique"]),
        (_data_table(Index(None, "account_id", "name", unique=True)), ["unique"]),
        (_data_table(_reference(_TO_PAGE, "accounts", _PAGE)), ["plane"]),
        (_data_table(_reference(("master_id", "page_id"), "pages", ("master_id", "id"))), ["reference"]),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE, ondelete="CASCADE")), ["action"]),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE, onupdate="CASCADE")), ["action"]),
        (_data_table(_reference(_TO_PAGE, "pages", _PAGE, deferrable=True)), ["action"]),
        (_data_table(Column("version", BigInteger, server_default="1")), ["default"]),
        (_data_table(Column("n", BigInteger, Identity())), ["default"]),
        (_data_table(Column("form", Text, Computed("lower(name)"))), ["default"]),
        (_data_table(Column("of", Uuid, server_default=func.gen_random_uuid())), ["default"]),
    ],
)
def test_what_the_rules_find(table: Table, expected: list[str]) -> None:
    assert faults(table) == expected


async def test_postgresql_knows_that_an_account_is_of_one_tree(database: AsyncEngine) -> None:
    """Without that knowledge PostgreSQL thinks that every index is equally good, because each begins with
    both."""
    statement = text("""
        SELECT stxrelid::regclass::text FROM pg_statistic_ext
        WHERE stxkind = '{f}' AND (
          SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
          WHERE attrelid = stxrelid AND attnum = ANY (stxkeys)
        ) = '{master_id,account_id}'
    """)
    async with database.connect() as connection:
        found = (await connection.execute(statement)).scalars().all()
    assert sorted(found) == sorted(table.name for table in _DATA_TABLES)
