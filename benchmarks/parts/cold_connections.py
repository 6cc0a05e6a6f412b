"""Sign-in with a key from a cold connection: a new TCP connection for each request."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from benchmarks.load import Load, Measured
from benchmarks.operations import Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import PER_SECOND_HEAD, per_second_row, rounded
from benchmarks.servers import MANDANT
from benchmarks.stage import Stage
from benchmarks.turns import Figures, in_turn, load_process, medians, of_one


@dataclass(frozen=True)
class ColdConnections:
    """By server."""

    servers: Mapping[str, Figures]

    def ratios(self) -> list[Ratio]:
        own = self.servers[MANDANT.name].per_second
        others = {name: found.per_second for name, found in self.servers.items() if name != MANDANT.name}
        best = max(others, key=lambda name: others[name])
        what = f"Point read on a new connection each, against the best peer ({best})"
        return [Ratio(what, f"{own / others[best]:.2f}")]

    def table(self) -> Table:
        return Table(PER_SECOND_HEAD, [per_second_row(name, found) for name, found in self.servers.items()])

    def as_json(self) -> Mapping[str, object]:
        return {name: rounded(asdict(found)) for name, found in self.servers.items()}


async def _cold_connections(stage: Stage) -> ColdConnections:
    data, effort, servers = await stage.data(), stage.effort, await stage.compared_servers()
    measured: dict[str, list[Measured]] = {running.server.name: [] for running in servers}
    async with load_process(data.connection) as process:
        for _, running in in_turn(servers, effort):
            mix, times = of_one(Operation.POINT_READ), (effort.warm_seconds, effort.seconds)
            asked = Load([running.address], mix, data.trees, *times, fresh=True)
            measured[running.server.name].append(await process.send(running.server.name, asked))
    return ColdConnections({name: medians(found) for name, found in measured.items()})


PART = Part(
    "cold_connections",
    "Sign-in with a key on a cold connection",
    "The point read, each on a TCP connection of its own, by 16 clients; the time is from before the "
    "connection to the whole answer. No TLS, which a proxy in front ends. The servers' connections to "
    "PostgreSQL stay open: what is new is the client alone.",
    _cold_connections,
)
