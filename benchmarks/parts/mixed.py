"""Reads and writes together, as a platform has them: nine reads for each change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from benchmarks.load import Load, Measured
from benchmarks.operations import CHANGES, Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import in_ms, rounded
from benchmarks.servers import MANDANT
from benchmarks.stage import Stage
from benchmarks.turns import Figures, in_turn, load_process, medians

MIX = {Operation.POINT_READ: 60, Operation.PAGE: 30, Operation.WRITE: 5, Operation.TRANSFER: 5}
_READS = tuple(operation for operation in MIX if operation not in CHANGES)


@dataclass(frozen=True)
class Mixed:
    """Of one server: all requests, and the latencies of reads and of changes."""

    all: Figures
    reads: Figures
    changes: Figures


@dataclass(frozen=True)
class MixedLoad:
    """By server."""

    servers: Mapping[str, Mixed]

    def ratios(self) -> list[Ratio]:
        best = min(found.all.p99_ms or 0 for name, found in self.servers.items() if name != MANDANT.name)
        own = self.servers[MANDANT.name].all.p99_ms or 0
        return [
            Ratio("Nine reads for each change: p99", f"{own:.1f} ms"),
            Ratio("Nine reads for each change: p99, times the best peer's", f"{own / best:.2f}"),
        ]

    def table(self) -> Table:
        head = ["", "Requests a second", "p50 ms", "p99 ms", "p99 ms of reads", "p99 ms of changes"]
        rows = [
            [
                name,
                f"{found.all.per_second:,.0f}",
                *map(
                    in_ms, (found.all.median_ms, found.all.p99_ms, found.reads.p99_ms, found.changes.p99_ms)
                ),
            ]
            for name, found in self.servers.items()
        ]
        return Table(head, rows)

    def as_json(self) -> Mapping[str, object]:
        return {name: rounded(asdict(found)) for name, found in self.servers.items()}


async def _mixed(stage: Stage) -> MixedLoad:
    data, effort, servers = await stage.data(), stage.effort, await stage.compared_servers()
    measured: dict[str, list[Measured]] = {running.server.name: [] for running in servers}
    async with load_process(data.connection) as process:
        for _, running in in_turn(servers, effort):
            asked = Load([running.address], MIX, data.trees, effort.warm_seconds, effort.seconds)
            measured[running.server.name].append(await process.send(running.server.name, asked))
    return MixedLoad(
        {
            name: Mixed(medians(found), medians(found, *_READS), medians(found, *CHANGES))
            for name, found in measured.items()
        }
    )


PART = Part(
    "mixed_load",
    "Mixed load: nine reads for each change",
    "Of a hundred requests 60 are point reads, 30 are pages, 5 change a name and 5 transfer credit, drawn "
    "at random on each of 16 connections. A request waits for the page before it on the same connection, "
    "as it would in a browser. What is compared is how long the slowest hundredth takes; requests a "
    "second say little here, as pages take the most of them.",
    _mixed,
)
