"""Requests a second of one process and of two that share a port."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from statistics import median

from benchmarks.load import Load
from benchmarks.machine import LOAD_CORE, SERVER_CORE
from benchmarks.operations import Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.quiet import family, processor_seconds
from benchmarks.reporting.texts import in_ms, rounded
from benchmarks.servers import MANDANT, Running, Server, running, wait_until_idle
from benchmarks.stage import Stage
from benchmarks.turns import load_process, of_one

_CORES = (SERVER_CORE, LOAD_CORE)
_COUNTS = (1, 2)
_OPERATIONS = (Operation.POINT_READ, Operation.PAGE, Operation.WRITE)


@dataclass(frozen=True)
class Share:
    """Of one round, or medians of them: requests a second, and how many of the two cores each part took."""

    per_second: float
    p99_ms: float
    servers: float
    postgresql: float
    load: float


@dataclass(frozen=True)
class Processes:
    """By operation and number of processes."""

    shares: Mapping[tuple[Operation, int], Share]

    def ratios(self) -> list[Ratio]:
        return [
            Ratio(f"{operation.title} by two processes, against one", f"{self._gain(operation):.2f}")
            for operation in _OPERATIONS
        ]

    def table(self) -> Table:
        head = ["", "Requests a second", "p99 ms", "Cores: servers", "PostgreSQL", "Load", "Rest"]
        return Table(head, [_row(*what, share) for what, share in self.shares.items()])

    def as_json(self) -> Mapping[str, object]:
        return {
            f"{operation.value}_by_{count}": rounded(asdict(share))
            for (operation, count), share in self.shares.items()
        }

    def _gain(self, operation: Operation) -> float:
        return self.shares[operation, 2].per_second / self.shares[operation, 1].per_second


def _row(operation: Operation, count: int, share: Share) -> list[str]:
    name = f"{operation.title}, {count} {'process' if count == 1 else 'processes'}"
    rest = max(0.0, len(_CORES) - share.servers - share.postgresql - share.load)
    cores = (share.servers, share.postgresql, share.load, rest)
    return [name, f"{share.per_second:,.0f}", in_ms(share.p99_ms), *(f"{one:.2f}" for one in cores)]


async def _processes(stage: Stage) -> Processes:
    data, effort = await stage.data(), stage.effort
    found: dict[tuple[Operation, int], list[Share]] = {
        (operation, count): [] for operation in _OPERATIONS for count in _COUNTS
    }
    with ExitStack() as stack, _unpinned((await stage.roots())[1]):
        url = stage.addresses.application
        servers = {
            count: stack.enter_context(running(_server(count), url, stage.folder, _CORES))
            for count in _COUNTS
        }
        for server in servers.values():
            wait_until_idle(server)
        async with _measuring(stage) as measure:
            for number in range(effort.rounds + 1):
                for operation, count in found:
                    asked = Load(
                        [servers[count].address],
                        of_one(operation),
                        data.trees,
                        effort.warm_seconds,
                        effort.seconds,
                        core=None,
                    )
                    share = await measure(servers[count], asked)
                    if number:  # before the first round all is new to each process
                        found[operation, count].append(share)
    return Processes({what: _medians(shares) for what, shares in found.items()})


def _server(workers: int) -> Server:
    return replace(MANDANT, command=(*MANDANT.command, "--workers", str(workers)))


@contextmanager
def _unpinned(postmaster: int) -> Iterator[None]:
    """PostgreSQL's new connections may use both cores."""
    before = os.sched_getaffinity(postmaster)
    _move(postmaster, _CORES)
    try:
        yield
    finally:
        _move(postmaster, before)


def _move(root: int, cores: Iterable[int]) -> None:
    for pid in family(root):
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(pid, cores)


Measure = Callable[[Running, Load], Awaitable[Share]]


@asynccontextmanager
async def _measuring(stage: Stage) -> AsyncIterator[Measure]:
    data, postmaster = await stage.data(), (await stage.roots())[1]
    async with load_process(data.connection) as process:

        async def measure(server: Running, asked: Load) -> Share:
            began, before = time.monotonic(), _taken(server.pid, postmaster)
            found = await process.send(MANDANT.name, asked)
            seconds = time.monotonic() - began
            cores = [
                (now - then) / seconds
                for now, then in zip(_taken(server.pid, postmaster), before, strict=True)
            ]
            return Share(found.per_second, found.milliseconds()[1], *cores)

        yield measure


def _taken(server: int, postmaster: int) -> tuple[float, float, float]:
    """Seconds of the processors: of the server, PostgreSQL and the load. All other servers rest."""
    of_server = processor_seconds(server)
    return of_server, processor_seconds(postmaster), processor_seconds(os.getpid()) - of_server


def _medians(shares: Sequence[Share]) -> Share:
    columns = zip(*(asdict(share).values() for share in shares), strict=True)
    return Share(*(median(column) for column in columns))


PART = Part(
    "processes",
    "Requests a second for each added process",
    "`mandant serve --workers 1` and `--workers 2`, in turn. Unlike everywhere else nothing has a core "
    "for itself: the processes, PostgreSQL and the load share both cores, and the table tells how much of "
    "them each took; the rest was idle, or others took it. So a second process can only use what the "
    "first left, and takes it from PostgreSQL and the load: on a machine with more cores the gain is "
    "larger, and this says nothing of how much.",
    _processes,
)
