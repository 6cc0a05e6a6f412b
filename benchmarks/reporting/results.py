"""What one run has measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.effort import Effort
from benchmarks.parts.part import Found, Part


@dataclass(frozen=True)
class Result:
    """Of one part: what was found, or why nothing was. `others`: cores that others took meanwhile."""

    part: Part
    found: Found | None
    failure: str | None
    others: float
    seconds: float


@dataclass(frozen=True)
class Results:
    """One run of the benchmark. `missing`: sentences about peers that could not be had."""

    results: Sequence[Result]
    missing: Sequence[str]
    effort: Effort
    machine: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """The content of results.json."""
        return {
            **{result.part.name: _as_json(result) for result in self.results},
            "missing": list(self.missing),
            "effort": asdict(self.effort),
            "machine": dict(self.machine),
        }


def _as_json(result: Result) -> Mapping[str, object]:
    found = {"failure": result.failure} if result.found is None else result.found.as_json()
    return {**found, "others_took_cores": round(result.others, 2), "seconds": round(result.seconds)}
