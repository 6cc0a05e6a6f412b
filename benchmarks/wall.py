"""What the second wall costs: PostgreSQL answers the compiled reads with it and without it, in turn.

Without it the policies are off and nobody looks for the principal's trees. The statements are the same.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from statistics import median

import asyncpg

from authz.row_security import tables_of_trees
from benchmarks import pgbench
from benchmarks.operations import Operation
from benchmarks.rounds import Effort

READS = (Operation.POINT_READ, Operation.PAGE)
_NOBODY_LOOKS = """CREATE OR REPLACE FUNCTION mandant_enter(principal bytea, link bytea) RETURNS boolean
  LANGUAGE plpgsql AS $$BEGIN RETURN true; END$$"""


async def wall(
    connection: asyncpg.Connection,
    application_url: str,
    scripts: Mapping[Operation, pgbench.Prepared],
    effort: Effort,
) -> dict[Operation, float]:
    """The speed with the wall for each one without it, the median of the rounds. Blocks the machine."""
    return {read: await _ratio(connection, application_url, scripts[read], effort) for read in READS}


async def _ratio(
    connection: asyncpg.Connection, application_url: str, script: pgbench.Prepared, effort: Effort
) -> float:
    ratios = []
    for _ in range(effort.rounds):
        behind = await asyncio.to_thread(pgbench.run, script, application_url, effort.seconds)
        async with _no_wall(connection):
            open_ = await asyncio.to_thread(pgbench.run, script, application_url, effort.seconds)
        print(f"Second wall: {behind:,.0f} a second with it, {open_:,.0f} without", flush=True)
        ratios.append(behind / open_)
    return median(ratios)


@asynccontextmanager
async def _no_wall(connection: asyncpg.Connection) -> AsyncIterator[None]:
    looks = await connection.fetchval(
        "SELECT pg_get_functiondef('mandant_enter(bytea, bytea)'::regprocedure)"
    )
    await connection.execute(_switched("DISABLE") + _NOBODY_LOOKS)
    try:
        yield
    finally:
        await connection.execute(_switched("ENABLE") + looks)


def _switched(how: str) -> str:
    return "".join(f"ALTER TABLE {table.name} {how} ROW LEVEL SECURITY;" for table in tables_of_trees())
