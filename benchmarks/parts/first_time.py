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
from benchmarks.quiet import processor_seconds
from benchmarks.reporting.texts import in_ms, rounded
from benchmarks.servers import MANDANT, Running, python, running
from benchmarks.shapes import Shape, ask_of
from benchmarks.stage import Stage
from benchmarks.watched_server import forget_stalls, longest_stall

_PROCESSES, _QUICK_PROCESSES = 7, 2
_LOOK_SECONDS = 0.2
_START_SECONDS = 30.0


@dataclass(frozen=True)
class First:
    """Milliseconds: of the first answer, of the event loop's longest stand meanwhile, and of the third."""

    answer_ms: float
    stood_ms: float
    later_ms: float


@dataclass(frozen=True)
class FirstTimes:
    """By shape: medians over fresh processes."""

    shapes: Mapping[Shape, First]

    def ratios(self) -> list[Ratio]:
        return [
            Ratio(
                f"First query in a fresh process: {shape.value}; of which the event loop stood still",
                f"{found.answer_ms:.0f} ms; {found.stood_ms:.0f} ms",
            )
            for shape, found in self.shapes.items()
        ]

    def table(self) -> Table:
        head = ["", "First answer ms", "Event loop stood still ms", "Third answer ms"]
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
            times.append(_in_fresh_process(stage, shape, data.trees[0]))
            print(f"First time: {shape.value}: {times[-1]}", flush=True)
    return FirstTimes({shape: _medians(times) for shape, times in found.items()})


def _medians(times: Sequence[First]) -> First:
    columns = zip(*(asdict(one).values() for one in times), strict=True)
    return First(*(median(column) for column in columns))


def _in_fresh_process(stage: Stage, shape: Shape, tree: Tree) -> First:
    """Blocks. Raises CannotMeasure where the answer is none."""
    file = stage.folder / "stalls"
    forget_stalls(file)
    command = (*python("benchmarks.watched_server"), str(file), "serve")
    with running(replace(MANDANT, command=command), stage.addresses.application, stage.folder) as server:
        _wait_until_idle(server)
        client = HTTPConnection(*server.address)
        try:
            # The database is connected to already, as it is a moment after a start.
            _ask(client, tree, orjson.dumps({"query": "{ viewer { id } }"}))
            return _first(client, file, shape, tree)
        finally:
            client.close()


def _first(client: HTTPConnection, file: Path, shape: Shape, tree: Tree) -> First:
    asked = orjson.dumps({"query": shape.document, "variables": ask_of(shape, tree).variables})
    forget_stalls(file)
    first = _ask(client, tree, asked)
    stood = longest_stall(file) * 1000
    _ask(client, tree, asked)
    return First(first, stood, _ask(client, tree, asked))


def _wait_until_idle(server: Running) -> None:
    """Until what a process prepares after its start is done."""
    deadline = time.monotonic() + _START_SECONDS
    before = processor_seconds(server.pid)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        now = processor_seconds(server.pid)
        if now - before < _LOOK_SECONDS / 10:
            return
        before = now
    raise CannotMeasure("Mandant is never idle after its start.")


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
    "A process is started for each figure and left until it is idle; it is connected to the database, and "
    "was asked for `viewer { id }` alone. Then comes the query: its answer includes parsing, validating, "
    "compiling and PostgreSQL's planning. The event loop is watched in the server itself, which asks to "
    "be called each millisecond: told is the longest time in which it was not called, whoever held the "
    "interpreter or the core meanwhile. The third answer is the same query once it is prepared.",
    _first_times,
)
