"""Measures what row level security costs: compiled reads with it and without it, in turn.

Without it the policies are off, and the caller's trees are not looked up. The statements are the same.
"""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

import asyncpg

from authz.wall.row_security import tables_of_trees
from benchmarks import load, pgbench
from benchmarks.operations import Operation
from benchmarks.rounds import Effort, Field
from benchmarks.servers import MANDANT

READS = (Operation.POINT_READ, Operation.PAGE)
_NOBODY_LOOKS = """CREATE OR REPLACE FUNCTION mandant_enter(principal bytea, kind text, link bytea)
  RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE told text := set_config('mandant.further_grants', 'none', true);
  BEGIN RETURN true; END$$"""


@dataclass(frozen=True)
class Kept:
    """The speed with row level security, divided by that without it: Mandant's, and pgbench's with the same
    SQL."""

    served: float
    in_postgresql: float


async def wall(connection: asyncpg.Connection, field: Field, effort: Effort) -> dict[Operation, Kept]:
    """The medians of the rounds. Occupies the machine. Raises CannotMeasure if something fails."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        rounds = _Rounds(connection, field, effort, process)
        return {read: await rounds.of(read) for read in READS}


@dataclass(frozen=True)
class _Rounds:
    connection: asyncpg.Connection
    field: Field
    effort: Effort
    process: ProcessPoolExecutor

    async def of(self, read: Operation) -> Kept:
        """All rounds of one operation."""
        served, in_postgresql = [], []
        for _ in range(self.effort.rounds):
            behind = await self._both(read)
            async with _no_wall(self.connection):
                open_ = await self._both(read)
            served.append(behind[0] / open_[0])
            in_postgresql.append(behind[1] / open_[1])
        print(f"Second wall, {read.title}: {served} served, {in_postgresql} in PostgreSQL", flush=True)
        return Kept(median(served), median(in_postgresql))

    async def _both(self, read: Operation) -> tuple[float, float]:
        (mandant,) = [running for running in self.field.servers if running.server is MANDANT]
        warm, seconds = self.effort.warm_seconds, self.effort.seconds
        asked = load.Load(mandant.address, read, self.field.trees, warm, seconds)
        served = await asyncio.get_running_loop().run_in_executor(self.process, load.run, asked)
        script, url = self.field.scripts[read], self.field.application_url
        return served.per_second, await asyncio.to_thread(pgbench.run, script, url, seconds)


@asynccontextmanager
async def _no_wall(connection: asyncpg.Connection) -> AsyncIterator[None]:
    looks = await connection.fetchval(
        "SELECT pg_get_functiondef('mandant_enter(bytea, text, bytea)'::regprocedure)"
    )
    await connection.execute(_switched("DISABLE") + _NOBODY_LOOKS)
    try:
        yield
    finally:
        await connection.execute(_switched("ENABLE") + looks)


def _switched(how: str) -> str:
    return "".join(f"ALTER TABLE {table.name} {how} ROW LEVEL SECURITY;" for table in tables_of_trees())
