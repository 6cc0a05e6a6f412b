"""One operation of Mandant, the peers and pgbench, in turn."""

import asyncio
import enum
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks import pgbench
from benchmarks.agreement import forget_writes
from benchmarks.load import Load, Measured
from benchmarks.operations import CHANGES, Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import PER_SECOND_HEAD, per_second_row, rounded
from benchmarks.servers import MANDANT, PLANNED_BY_DEFAULT, PLANNED_ONCE
from benchmarks.stage import Stage
from benchmarks.turns import Figures, LoadProcess, in_turn, load_process, medians, of_one

PGBENCH = "pgbench, the same SQL"


class Kind(enum.Enum):
    """Of peers that are compared with."""

    PEER = "peer"
    NODE_PEER = "peer on Node"
    PEER_PLANNED_BY_DEFAULT = "peer planned by default"


@dataclass(frozen=True)
class Contest:
    """By contestant; `statements`: how many Mandant sends to PostgreSQL; `peers`: the names of those whose
    statements are planned once, of those of them that are on Node, and of those planned by default."""

    operation: Operation
    statements: int
    contestants: Mapping[str, Figures]
    peers: Mapping[Kind, Sequence[str]]

    def against(self, name: str) -> float:
        """Mandant's requests for each of the other's."""
        return self.contestants[MANDANT.name].per_second / self.contestants[name].per_second

    def best(self, kind: Kind) -> str:
        """The name of the fastest peer of the kind."""
        return max(self.peers[kind], key=lambda name: self.contestants[name].per_second)

    def ratios(self) -> list[Ratio]:
        title, best = self.operation.title, {kind: self.best(kind) for kind in Kind}
        return [
            *(
                Ratio(f"{title}, against the best {kind.value} ({name})", f"{self.against(name):.2f}")
                for kind, name in best.items()
            ),
            Ratio(f"{title}, against pgbench with its very statements", f"{self.against(PGBENCH):.2f}"),
            Ratio(f"{title}, statements sent to PostgreSQL", str(self.statements)),
        ]

    def table(self) -> Table:
        rows = [
            [*per_second_row(name, figures), f"{self.against(name):.2f}"]
            for name, figures in self.contestants.items()
        ]
        return Table([*PER_SECOND_HEAD, "Mandant against it"], rows)

    def as_json(self) -> Mapping[str, object]:
        return {
            **{f"vs_best_{kind.name.lower()}": round(self.against(self.best(kind)), 2) for kind in Kind},
            "best_peer": self.best(Kind.PEER),
            "vs_pgbench": round(self.against(PGBENCH), 2),
            "statements": self.statements,
            "figures": {name: rounded(asdict(found)) for name, found in self.contestants.items()},
        }


def part_of(operation: Operation, about: str) -> Part:
    """The part that measures the operation."""

    async def measure(stage: Stage) -> Contest:
        return await _contest(stage, operation)

    return Part(operation.value, operation.title, about, measure)


async def _contest(stage: Stage, operation: Operation) -> Contest:
    script = await stage.script(operation)
    servers, data, effort = await stage.servers(), await stage.data(), stage.effort
    measured: dict[str, list[Measured]] = {running.server.name: [] for running in servers}
    limits: list[float] = []
    async with load_process(data.connection) as process:
        for number, running in in_turn(servers, effort):
            if number == len(limits):
                limits.append(await _limit(stage, process, operation, script))
            asked = Load(
                [running.address], of_one(operation), data.trees, effort.warm_seconds, effort.seconds
            )
            measured[running.server.name].append(await process.send(running.server.name, asked))
    contestants = {name: medians(found) for name, found in measured.items()}
    contestants[PGBENCH] = Figures(median(limits), None, None)
    peers = stage.peers()
    kinds = {
        Kind.PEER: peers.planned(PLANNED_ONCE),
        Kind.NODE_PEER: peers.on_node(),
        Kind.PEER_PLANNED_BY_DEFAULT: peers.planned(PLANNED_BY_DEFAULT),
    }
    return Contest(operation, script.statements, contestants, kinds)


async def _limit(stage: Stage, process: LoadProcess, operation: Operation, script: pgbench.Prepared) -> float:
    data = await stage.data()
    await forget_writes(data.connection)
    url, seconds = stage.addresses.application, stage.effort.seconds
    ran = await asyncio.to_thread(pgbench.run, script, url, seconds)
    await process.check_events(PGBENCH, ran.transactions * CHANGES.get(operation, 0))
    print(f"{operation.title}: {PGBENCH}, {ran.per_second:,.0f} a second", flush=True)
    return ran.per_second


PARTS = (
    part_of(Operation.POINT_READ, "One account by id, four fields, with an API key."),
    part_of(
        Operation.PAGE,
        "A person's first 20 accounts, each with its parent, 8 members with role and person, and the "
        "viewer's permissions: an answer of 50 KB.",
    ),
    part_of(
        Operation.WRITE,
        "An account's name is changed, with its event in the log, in one transaction that is kept on disk. "
        "Each client keeps to trees of its own, so that nobody waits for another's locks. Events are counted "
        "after each round: with answers that left none, nothing is told.",
    ),
    part_of(
        Operation.TRANSFER,
        "Credit goes from a master account to one below it, or back, under a new idempotency key, with an "
        "event in either account. Otherwise as the change of a name.",
    ),
)
