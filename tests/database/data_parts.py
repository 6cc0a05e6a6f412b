"""In the tests' databases the tables of the data plane are in parts, by their trees.

PostgreSQL then demands the tree in each of their unique keys. And EXPLAIN names the parts that a statement
reads: one that keeps to its tree reads one part of each table, as it would ask one of many databases.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, event
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base.planes import Plane, tables_of

PARTS = 4
PARTS_SCHEMA = "parts"
"""Their schema, so that who looks at the product's tables does not find them."""

_DATA_TABLES = {table.name for table in tables_of(Plane.DATA)}


@contextmanager
def data_tables_in_parts() -> Iterator[None]:
    """Whoever migrates a new database meanwhile makes them so."""
    event.listen(Table, "before_create", _divide)
    event.listen(Table, "after_create", _make_parts)
    try:
        yield
    finally:
        event.remove(Table, "before_create", _divide)
        event.remove(Table, "after_create", _make_parts)


def _divide(table: Table, *_: object, **__: object) -> None:
    if table.name in _DATA_TABLES:
        table.dialect_options["postgresql"]["partition_by"] = "HASH (master_id)"


def _make_parts(table: Table, connection: Connection, **_: object) -> None:
    if table.name not in _DATA_TABLES:
        return
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {PARTS_SCHEMA}")
    for part in range(PARTS):
        connection.exec_driver_sql(
            f"CREATE TABLE {PARTS_SCHEMA}.{table.name}_{part} PARTITION OF {table.name} "
            f"FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {part})"
        )


async def parts_named(owner: AsyncConnection, statement: str, *values: object) -> dict[str, set[int]]:
    """The parts of data tables that PostgreSQL reads for a statement, by the table.

    As the owner, whom no policy keeps to a tree: what keeps to it is the statement itself.
    """
    explained = await owner.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for node in nodes_of(explained.scalar_one()[0]["Plan"]):
        table, _, part = node.get("Relation Name", "").rpartition("_")
        if table in _DATA_TABLES and part.isdigit():
            found[table].add(int(part))
    return dict(found)


def nodes_of(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's steps."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)
