"""What was written to a whole database since a moment, table by table.

PostgreSQL notes in each row which transaction wrote it. So the test sees for every table whether something
was written, and how much. The table's columns do not matter.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.base.columns import metadata
from tests.server.start.processes import PATIENCE

_LOOK_SECONDS = 0.002
_QUEUE = "pgq.pgqueuer"
_NOW = text("SELECT pg_current_xact_id()::text::bigint")
_ALIVE = text("SELECT 1 FROM pg_stat_activity WHERE pid = :process")
_FORGET = text(f"""
  WITH jobs AS (DELETE FROM {_QUEUE}), mails AS (DELETE FROM outbox_messages) DELETE FROM attempts
""")


class Rows(NamedTuple):
    """Of one table: how many were written, and how many are gone or were replaced."""

    written: int
    gone: int


Footprint = Mapping[str, Rows]
"""By the tables that were written to."""


@dataclass(frozen=True)
class Moment:
    """The last transaction before it, and how many rows each table had."""

    transaction: int
    rows: Mapping[str, int]


async def moment(database: AsyncEngine) -> Moment:
    """The present moment. Three kinds of rows are deleted first: tries, so that no limit is reached; jobs,
    because one job can serve two changes; and mails, because the server looks at them at any time."""
    async with _looking(database) as connection:
        await connection.execute(_FORGET)
        now = (await connection.execute(_NOW)).scalar_one()
        rows = await connection.execute(_rows(), {"since": now})
        return Moment(now, {row.name: row.old for row in rows})


async def footprint(database: AsyncEngine, since: Moment) -> Footprint:
    """What has been written since."""
    async with _looking(database) as connection:
        rows = await connection.execute(_rows(), {"since": since.transaction})
        found = {row.name: Rows(row.new, since.rows[row.name] - row.old) for row in rows}
    return {name: counted for name, counted in found.items() if any(counted)}


async def ended(database: AsyncEngine, process: int) -> None:
    """Wait until a process of the database is gone: what it was at work on is done, or undone, by then."""
    async with asyncio.timeout(PATIENCE), _looking(database) as connection:
        while True:
            if (await connection.execute(_ALIVE, {"process": process})).first() is None:
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _looking(database: AsyncEngine) -> AsyncConnection:
    """A connection on which each statement is by itself, without trips for BEGIN and COMMIT."""
    return database.execution_options(isolation_level="AUTOCOMMIT").connect()


@cache
def _rows() -> TextClause:
    tables = [*(table.fullname for table in metadata.sorted_tables), _QUEUE]
    return text(" UNION ALL ".join(map(_rows_of, tables)))


def _rows_of(table: str) -> str:
    """All tries of one subject count as one. They have a row for each window of time, and a new window may
    begin meanwhile."""
    what = "DISTINCT subject" if table == "attempts" else "*"
    later = "xmin::text::bigint > :since"
    new, old = (f"count({what}) FILTER (WHERE {which})" for which in (later, f"NOT {later}"))
    return f"SELECT '{table}' AS name, {new} AS new, {old} AS old FROM {table}"
