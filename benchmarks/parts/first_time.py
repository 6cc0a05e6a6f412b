"""The first query of a shape in a fresh process, and for how long it holds the event loop up."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import orjson

from benchmarks.data import Tree
from benchmarks.machine import CannotMeasure
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import in_ms, rounded
from benchmarks.servers import MANDANT, python, running, wait_until_idle
from benchmarks.shapes import Shape, ask_of
from benchmarks.stage import Stage
from benchmarks.watched_server import forget_stalls, longest_stall

_PROCESSES, _QUICK_PROCESSES = 5, 1


@dataclass(frozen=True)
class First:
    """Milliseconds: of the first answer, of the event loop's longest stand meanwhile, and of the third one.
    At once: as soon as the process answers; idle: once it does nothing any more."""

    at_once_ms: float
    at_once_stood_ms: float
    idle_ms: float
    idle_stood_ms: float
    later_ms: float


@dataclass(frozen=True)
class FirstTimes:
    """By shape: medians over fresh processes."""

    shapes: Mapping[Shape, First]

    def ratios(self) -> list[Ratio]:
        return [
            Ratio(
                f"First query in a fresh process: {shape.value}; of which the event loop stood still",
                f"{found.at_once_ms:.0f} ms; {found.at_once_stood_ms:.0f} ms",
            )
            for shape, found in self.shapes.items()
        ]

    def table(self) -> Table:
        head = ["", "First ms, at once", "stood still", "First ms, once idle", "stood still", "Third ms"]
        return Table(
            head, [[shape.value, *map(in_ms, asdict(found).values())] for shape, found in self.shapes.items()]
        )

    def as_json(self) -> Mapping[str, object]:
        return {shape.name.lower(): rounded(asdict(found)) for shape, found in self.shapes.items()}


async def _first_times(stage: Stage) -> FirstTimes:
    data = await stage.data()
    found: dict[Shape, list[First]] = {shape: [] for shape in Shape}
    for _ in range(_QUICK_PROCESSES if stage.effort.quick else _PROCESSES):
        for shape, times in found.items():
            at_once = _in_fresh_process(stage, shape, data.trees[0], idle=False)
            times.append(First(*at_once[:2], *_in_fresh_process(stage, shape, data.trees[0], idle=True)))
            print(f"First time: {shape.value}: {times[-1]}", flush=True)
    return FirstTimes({shape: _medians(times) for shape, times in found.items()})


def _medians(times: Sequence[First]) -> First:
    columns = zip(*(asdict(one).values() for one in times), strict=True)
    return First(*(median(column) for column in columns))


def _in_fresh_process(stage: Stage, shape: Shape, tree: Tree, *, idle: bool) -> tuple[float, float, float]:
    """The first answer, the longest stand, and the third answer. Blocks. Raises CannotMeasure where one is
    none."""
    file = stage.folder / "stalls"
    forget_stalls(file)
    command = (*python("benchmarks.watched_server"), str(file), "serve")
    with running(replace(MANDANT, command=command), stage.addresses.application, stage.folder) as server:
        if idle:
            wait_until_idle(server)
        client = HTTPConnection(*server.address)
        try:
            # The database is connected to already, as it is a moment after a start.
            _ask(client, tree, orjson.dumps({"query": "{ viewer { id } }"}))
            return _first(client, file, shape, tree)
        finally:
            client.close()


def _first(client: HTTPConnection, file: Path, shape: Shape, tree: Tree) -> tuple[float, float, float]:
    asked = orjson.dumps({"query": shape.document, "variables": ask_of(shape, tree).variables})
    forget_stalls(file)
    first = _ask(client, tree, asked)
    stood = longest_stall(file) * 1000
    _ask(client, tree, asked)
    return first, stood, _ask(client, tree, asked)


def _ask(client: HTTPConnection, tree: Tree, asked: bytes) -> float:
    """Milliseconds to the whole answer."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {tree.owner_token}"}
    began = time.perf_counter()
    client.request("POST", "/graphql", asked, headers)
    answer = client.getresponse().read()
    taken = (time.perf_counter() - began) * 1000
    if b'"errors":' in answer or not answer.startswith(b'{"data":'):
        raise CannotMeasure(f"Mandant answers {answer[:300]!r} to {asked[:300]!r}.")
    return taken


PART = Part(
    "first_time",
    "The first query of a shape in a fresh process",
    "Two processes are started for each figure: one is asked at once, while it still prepares what is "
    "likely to be asked, and one is left until it is idle. Before, it was asked for `viewer { id }` "
    "alone, so that it is connected to the database. The answer includes parsing, validating, compiling "
    "and PostgreSQL's planning. The event loop is watched in the server itself, which asks to be called "
    "each millisecond: told is the longest time in which it was not, whoever held the interpreter or the "
    "core meanwhile. The third answer is the same query once it is prepared.",
    _first_times,
)
