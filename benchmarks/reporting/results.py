"""The measured figures, and the ratios that they are judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.busy_tree import BusyTree
from benchmarks.growth import Point
from benchmarks.memory import Memory
from benchmarks.neighbours import Attack, Neighbour
from benchmarks.operations import Operation
from benchmarks.rounds import PGBENCH, Contest, Effort
from benchmarks.sends import LargeSends
from benchmarks.servers import MANDANT, PLANNED_BY_DEFAULT, PLANNED_ONCE, peers
from benchmarks.wall import Kept


@dataclass(frozen=True)
class Results:
    """One run of the benchmark."""

    contest: Contest
    wall: Mapping[Operation, Kept]
    cold_ms: float
    growth: Sequence[Point]
    sends: LargeSends
    memory: Memory
    busy_tree: BusyTree
    neighbours: Mapping[Attack, Neighbour]
    effort: Effort
    machine: dict[str, str]

    def against_pgbench(self, operation: Operation) -> float:
        """Mandant's requests a second, divided by pgbench's transactions a second."""
        return self._against(operation, PGBENCH)

    def against_best_peer(self, operation: Operation, planning: str = PLANNED_ONCE) -> float:
        """Mandant's requests a second, divided by those of the fastest other server with this plan mode."""
        return self._against(operation, self.best_peer(operation, planning))

    def best_peer(self, operation: Operation, planning: str = PLANNED_ONCE) -> str:
        """The name of the fastest other server with this plan mode."""
        found = self.contest[operation]
        names = [peer.name for peer in peers() if peer.planning == planning]
        return max(names, key=lambda name: found[name].per_second)

    def _against(self, operation: Operation, name: str) -> float:
        found = self.contest[operation]
        return found[MANDANT.name].per_second / found[name].per_second

    def growth_ratio(self, field: str) -> float:
        """The latency at the largest size, divided by that at the smallest. Both are measured in turns."""
        largest = asdict(self.growth[-1])
        return float(largest[field] / largest[f"smallest_{field}"])

    def as_json(self) -> dict[str, object]:
        """The content of results.json."""
        ratios: dict[str, object] = {
            operation.value: {
                "vs_pgbench": round(self.against_pgbench(operation), 2),
                "vs_best_peer": round(self.against_best_peer(operation), 2),
                "vs_best_peer_planned_by_default": round(
                    self.against_best_peer(operation, PLANNED_BY_DEFAULT), 2
                ),
            }
            for operation in Operation
        }
        return {
            **ratios,
            "second_wall": {operation.value: _rounded(asdict(kept)) for operation, kept in self.wall.items()},
            "cold_ms": round(self.cold_ms, 2),
            "growth": {
                "point_read": round(self.growth_ratio("point_read_ms"), 2),
                "page": round(self.growth_ratio("page_ms"), 2),
                "points": [_rounded(asdict(point)) for point in self.growth],
            },
            "large_sends": {
                "vs_bare_insert": round(self.sends.against_bare, 2),
                **_rounded(asdict(self.sends)),
            },
            "memory": {"kept_speed": round(self.memory.kept_speed, 2), **_rounded(asdict(self.memory))},
            "busy_tree": {
                "p99_vs_alone": round(self.busy_tree.slower, 2),
                **{name: _rounded(found) for name, found in asdict(self.busy_tree).items()},
            },
            "neighbours": {
                attack.name.lower(): _rounded(asdict(found)) for attack, found in self.neighbours.items()
            },
            "figures": {
                operation.value: {name: _rounded(asdict(found)) for name, found in contestants.items()}
                for operation, contestants in self.contest.items()
            },
            "effort": asdict(self.effort),
            "machine": self.machine,
        }


def _rounded(figures: dict[str, float | None]) -> dict[str, float | None]:
    return {name: value if value is None else round(value, 3) for name, value in figures.items()}
