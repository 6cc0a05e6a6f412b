"""What is stored, to compare before and after what must leave no trace: one statement each time, whose cost
grows little with what other tests have left in the database."""

import uuid
from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Table, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.columns import metadata

_NOTED_AT_ANY_TIME = {"last_used_at", "last_seen_at"}
"""When a key or a session was last used is noted beside whatever else happens."""

_MOVED_BY_USE = {"sessions.expires_at"}
"""Where a tree limits how long a session may rest."""

_NOTED_BY_POSTMEN = {"outbox_messages.attempts"}
"""A server that another test runs on the same database looks into the outbox each second."""

_TOLD_AT_ANY_TIME = {"cost_budgets"}
"""What a process notes beside the requests, of all of them together."""

_TOLD_TO_NOBODY = {
    "expiry_notices",
    "idempotency_records",
    "ownerships",
    "recipient_lists",
    "recipient_list_parts",
}
"""What is used up by trying, or of no tree alone."""


async def fingerprints(database: AsyncEngine, tables: Sequence[Table] = ()) -> dict[str, str]:
    """Of each table, without `tables` of all: how many rows it has, and the sum of their hashes."""
    async with database.connect() as connection:
        every = [table for table in metadata.sorted_tables if table.name not in _TOLD_AT_ANY_TIME]
        found = await connection.execute(_fingerprints(tuple(tables or every)))
        return {row[0]: row[1] for row in found}


async def rows_of_trees(database: AsyncEngine, masters: Iterable[uuid.UUID]) -> list[tuple[str, str]]:
    """The rows of the trees by the names of their tables, the lines of their roles' policies among them."""
    async with database.connect() as connection:
        found = await connection.execute(_rows_of_trees(), {"masters": list(masters)})
        return [(row[0], row[1]) for row in found]


@cache
def _fingerprints(tables: tuple[Table, ...]) -> TextClause:
    counted = "count(*) || ' ' || coalesce(sum(hash_record_extended({row}, 0)), 0)"
    return text(
        " UNION ALL ".join(
            f"SELECT '{table.name}', {counted.format(row=_row(table))} FROM {table.name}" for table in tables
        )
    )


@cache
def _rows_of_trees() -> TextClause:
    rows = [
        f"SELECT '{table.name}', {_row(table)}::text FROM {table.name} WHERE master_id = ANY(:masters)"
        for table in metadata.sorted_tables
        if "master_id" in table.c and table.name not in _TOLD_TO_NOBODY
    ]
    lines = _row(metadata.tables["role_policy_lines"])
    rows.append(
        f"SELECT 'role_policy_lines', {lines}::text FROM role_policy_lines "
        "JOIN roles ON roles.id = role_id WHERE master_id = ANY(:masters)"
    )
    return text(f"{' UNION ALL '.join(rows)} ORDER BY 1, 2")


def _row(table: Table) -> str:
    columns = [
        f'{table.name}."{column.name}"'
        for column in table.c
        if column.name not in _NOTED_AT_ANY_TIME
        and f"{table.name}.{column.name}" not in _MOVED_BY_USE | _NOTED_BY_POSTMEN
    ]
    return f"ROW({', '.join(columns)})"
