"""Measures a read with a far field: against the same read without it, and against pgbench with its two
statements."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks import pgbench
from benchmarks.load import Load
from benchmarks.operations import Operation, asks_of
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.recording import record
from benchmarks.reporting.texts import rounded
from benchmarks.scripts import script_of
from benchmarks.servers import MANDANT
from benchmarks.stage import Data, Stage
from benchmarks.turns import load_process, of_one

_CONTACTS = """
INSERT INTO contacts (master_id, account_id, id, email, email_canonical, email_digest, attributes, source,
  version)
SELECT master_id, master_id, uuidv7(), email, email, sha256(convert_to(email, 'UTF8')), '{}', 'a benchmark', 1
FROM unnest($1::uuid[]) AS master_id, generate_series(1, 100) AS n,
  LATERAL (SELECT 'person' || n || '@example.com') AS made(email)
ORDER BY master_id
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class FarField:
    """Medians, a second. `limit`: of pgbench with both statements, one after the other; `statements`: that
    the read takes."""

    statements: int
    without: float
    served: float
    limit: float

    def ratios(self) -> list[Ratio]:
        title = Operation.FAR_READ.title
        return [
            Ratio(f"{title}, against pgbench with its very statements", f"{self.served / self.limit:.2f}"),
            Ratio(f"{title}, against the same without it", f"{self.served / self.without:.2f}"),
            Ratio(f"{title}, statements sent to PostgreSQL", str(self.statements)),
        ]

    def table(self) -> Table:
        head = ["A second", "Without the far field", "With it", "pgbench, the same SQL"]
        figures = (self.without, self.served, self.limit)
        return Table(head, [["Point read", *(f"{one:,.0f}" for one in figures)]])

    def as_json(self) -> Mapping[str, object]:
        return {"vs_pgbench": round(self.served / self.limit, 2), **rounded(asdict(self))}


async def _far_field(stage: Stage) -> FarField:
    data, mandant = await stage.data(), await stage.mandant()
    await data.connection.execute(_CONTACTS, [tree.master_id for tree in data.trees])
    await data.connection.execute("VACUUM (ANALYZE) contacts")
    scripts = await _scripts(stage, data)
    without: list[float] = []
    served: list[float] = []
    limits: list[float] = []
    async with load_process(data.connection) as process:
        for _ in range(stage.effort.rounds):
            for read, figures in ((Operation.POINT_READ, without), (Operation.FAR_READ, served)):
                effort = stage.effort
                times = (effort.warm_seconds, effort.seconds)
                asked = Load([mandant.address], of_one(read), data.trees, *times)
                figures.append((await process.send(MANDANT.name, asked)).per_second)
            limits.append(await _limit(stage, scripts))
    return FarField(len(scripts), median(without), median(served), median(limits))


async def _scripts(stage: Stage, data: Data) -> list[pgbench.Prepared]:
    """The read's statements: each is of another role."""
    asks = asks_of(Operation.FAR_READ, data.trees)
    recorded = await record(stage.addresses.application, Operation.FAR_READ, asks)
    found = []
    for place in range(len(recorded[0])):
        script = script_of([[sent[place]] for sent in recorded])
        found.append(await pgbench.prepare(data.connection, f"far_read_{place}", script, stage.folder))
    return found


async def _limit(stage: Stage, scripts: list[pgbench.Prepared]) -> float:
    """A second, if both are sent one after the other. pgbench has one role, so they are measured apart."""
    url, seconds = stage.addresses.application, stage.effort.seconds
    each = [
        (await asyncio.to_thread(pgbench.run, script, url, seconds, is_far=place > 0)).per_second
        for place, script in enumerate(scripts)
    ]
    return 1 / sum(1 / per_second for per_second in each)


PART = Part(
    "far_field",
    "A far field",
    "The point read with the account's first ten contacts: their statement is of the data plane, and follows "
    "the other one. pgbench sends both, by the roles that they are of; the limit is what both take together.",
    _far_field,
)
