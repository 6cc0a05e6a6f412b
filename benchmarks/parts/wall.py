"""Measures what row level security costs: compiled reads with it and without it, in turn.

Without it the policies are off, and the caller's trees are not looked up. The statements are the same.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median

import asyncpg

from authz.wall.row_security import tables_of_trees
from benchmarks import pgbench
from benchmarks.load import Load
from benchmarks.operations import Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.servers import MANDANT, Running
from benchmarks.stage import Data, Stage
from benchmarks.turns import LoadProcess, load_process, of_one
from models.base.planes import Plane

_READS = (Operation.POINT_READ, Operation.PAGE)
_NOBODY_LOOKS = """CREATE OR REPLACE FUNCTION mandant_enter(principal bytea, kind text, link bytea)
  RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    told text := set_config('mandant.further_grants', 'none', true);
    api_key text;
  BEGIN
    IF kind = 'API_KEY' THEN
      SELECT id INTO api_key FROM api_keys WHERE digest = principal;
      api_key := set_config('mandant.api_key', coalesce(api_key, ''), true);
    END IF;
    RETURN true;
  END$$"""
"""It finds a caller's key, which the statement looks up by its id, and no trees."""


@dataclass(frozen=True)
class Kept:
    """The speed with row level security, divided by that without it: Mandant's, and pgbench's with the same
    SQL."""

    served: float
    in_postgresql: float


@dataclass(frozen=True)
class Wall:
    """By read."""

    reads: Mapping[Operation, Kept]

    def ratios(self) -> list[Ratio]:
        return [
            Ratio(f"{read.title} with the second wall, against without it", f"{kept.served:.2f}")
            for read, kept in self.reads.items()
        ]

    def table(self) -> Table:
        rows = [
            [read.title, f"{kept.served:.2f}", f"{kept.in_postgresql:.2f}"]
            for read, kept in self.reads.items()
        ]
        return Table(["What is left of the speed", "served", "in PostgreSQL"], rows)

    def as_json(self) -> Mapping[str, object]:
        return {read.value: rounded(asdict(kept)) for read, kept in self.reads.items()}


async def _wall(stage: Stage) -> Wall:
    data, mandant = await stage.data(), await stage.mandant()
    async with load_process(data.connection) as process:
        return Wall({read: await _Rounds(stage, data, mandant, process).of(read) for read in _READS})


@dataclass(frozen=True)
class _Rounds:
    stage: Stage
    data: Data
    mandant: Running
    process: LoadProcess

    async def of(self, read: Operation) -> Kept:
        """All rounds of one operation."""
        script = await self.stage.script(read)
        served, in_postgresql = [], []
        for _ in range(self.stage.effort.rounds):
            behind = await self._both(read, script)
            async with _no_wall(self.data.connection):
                open_ = await self._both(read, script)
            served.append(behind[0] / open_[0])
            in_postgresql.append(behind[1] / open_[1])
        return Kept(median(served), median(in_postgresql))

    async def _both(self, read: Operation, script: pgbench.Prepared) -> tuple[float, float]:
        effort = self.stage.effort
        times = (effort.warm_seconds, effort.seconds)
        asked = Load([self.mandant.address], of_one(read), self.data.trees, *times)
        served = await self.process.send(MANDANT.name, asked)
        url = self.stage.addresses.application
        ran = await asyncio.to_thread(pgbench.run, script, url, effort.seconds)
        return served.per_second, ran.per_second


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
    return "".join(
        f"ALTER TABLE {table.name} {how} ROW LEVEL SECURITY;" for table in tables_of_trees(Plane.CONTROL)
    )


PART = Part(
    "second_wall",
    "The second wall",
    "Mandant as it is, and while row level security is off and nobody looks for the principal's trees; "
    "the same with pgbench, which is slowed by nothing else. The statements are the same.",
    _wall,
)
