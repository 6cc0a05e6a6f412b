"""Servers in turn: several rounds of one load, each followed by a look at what it left."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

import asyncpg

from benchmarks import load
from benchmarks.agreement import forget_writes
from benchmarks.effort import Effort
from benchmarks.load import Load, Measured
from benchmarks.machine import CannotMeasure
from benchmarks.operations import CHANGES, Operation
from benchmarks.servers import Running


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds. None: not told, as pgbench reports no latencies."""

    per_second: float
    median_ms: float | None
    p99_ms: float | None


class LoadProcess:
    """The process that sends the load, and the database that is looked at afterwards."""

    def __init__(self, connection: asyncpg.Connection, process: ProcessPoolExecutor) -> None:
        self._connection = connection
        self._process = process

    async def send(self, name: str, asked: Load) -> Measured:
        """Send the load to a server of this name. Raises CannotMeasure where it fails, or where the events
        of its changes are not in the log."""
        await forget_writes(self._connection)
        found = await asyncio.get_running_loop().run_in_executor(self._process, load.run, asked)
        wanted = sum(
            found.answers[operation] * events
            for operation, events in CHANGES.items()
            if operation in asked.mix
        )
        await self.check_events(name, wanted)
        print(f"{_titles(asked)}: {name}, {found.per_second:,.0f} a second", flush=True)
        return found

    async def check_events(self, name: str, wanted: int) -> None:
        """Raises CannotMeasure where the log has other than so many events since `forget_writes`."""
        events = await self._connection.fetchval("SELECT count(*) FROM events")
        if events != wanted:
            raise CannotMeasure(f"{name} should have left {wanted} events, and left {events}.")


@asynccontextmanager
async def load_process(connection: asyncpg.Connection) -> AsyncIterator[LoadProcess]:
    """A process of its own, as long as the block."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        yield LoadProcess(connection, process)


def in_turn(servers: Sequence[Running], effort: Effort) -> Iterator[tuple[int, Running]]:
    """Round by round every server; turned round each time, so that nobody always follows the same one."""
    for number in range(effort.rounds):
        for running in servers[:: -1 if number % 2 else 1]:
            yield number, running


def medians(found: Sequence[Measured], *operations: Operation) -> Figures:
    """Of the rounds; latencies of these operations, or of all."""
    milliseconds = [one.milliseconds(*operations) for one in found]
    return Figures(
        median(one.per_second for one in found),
        median(half for half, _ in milliseconds),
        median(p99 for _, p99 in milliseconds),
    )


def of_one(operation: Operation) -> Mapping[Operation, int]:
    """The mix of a load that is nothing but this."""
    return {operation: 100}


def _titles(asked: Load) -> str:
    mix = ", ".join(operation.title for operation in asked.mix)
    return f"{mix}, each on a new connection" if asked.fresh else mix
