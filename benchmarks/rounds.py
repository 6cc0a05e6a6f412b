"""The comparison: all servers in turn, several rounds for each operation."""

import asyncio
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median

import asyncpg

from benchmarks import load, pgbench
from benchmarks.agreement import forget_writes
from benchmarks.data import Tree
from benchmarks.machine import CannotMeasure
from benchmarks.operations import CHANGES, Operation
from benchmarks.servers import Running

PGBENCH = "pgbench, the same SQL"


@dataclass(frozen=True)
class Effort:
    """The length of the measurement: rounds of `seconds`, each after `warm_seconds` that do not count."""

    rounds: int
    warm_seconds: float
    seconds: int


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds. pgbench reports no latencies."""

    per_second: float
    median_ms: float | None
    p99_ms: float | None


Contest = dict[Operation, dict[str, Figures]]
"""By operation and contestant."""


@dataclass(frozen=True)
class Field:
    """The servers, and the data."""

    owner_url: str
    application_url: str
    servers: Sequence[Running]
    scripts: Mapping[Operation, pgbench.Prepared]
    trees: Sequence[Tree]


async def contest(field: Field, effort: Effort) -> Contest:
    """Occupies the machine for a while. Raises CannotMeasure if a server fails."""
    context = multiprocessing.get_context("spawn")
    connection = await asyncpg.connect(field.owner_url)
    try:
        with ProcessPoolExecutor(1, mp_context=context) as process:
            rounds = _Rounds(field, effort, connection, process)
            return {operation: await rounds.of(operation) for operation in Operation}
    finally:
        await connection.close()


class _Rounds:
    def __init__(
        self, field: Field, effort: Effort, connection: asyncpg.Connection, process: ProcessPoolExecutor
    ) -> None:
        self._field = field
        self._effort = effort
        self._connection = connection
        self._process = process

    async def of(self, operation: Operation) -> dict[str, Figures]:
        """All rounds of one operation."""
        measured: dict[str, list[load.Measured]] = {
            running.server.name: [] for running in self._field.servers
        }
        limits = []
        for number in range(self._effort.rounds):
            # The order is reversed each time, so that no server always runs after the same one.
            for running in self._field.servers[:: -1 if number % 2 else 1]:
                measured[running.server.name].append(await self._serve(operation, running))
            limits.append(await self._limit(operation))
        figures = {name: _medians(found) for name, found in measured.items()}
        return {**figures, PGBENCH: Figures(median(limits), None, None)}

    async def _serve(self, operation: Operation, running: Running) -> load.Measured:
        await forget_writes(self._connection)
        asked = load.Load(
            running.address, operation, self._field.trees, self._effort.warm_seconds, self._effort.seconds
        )
        found = await asyncio.get_running_loop().run_in_executor(self._process, load.run, asked)
        if operation in CHANGES:
            await self._check_events(running.server.name, found.answers, CHANGES[operation])
        print(f"{operation.title}: {running.server.name}, {found.per_second:,.0f} a second", flush=True)
        return found

    async def _check_events(self, name: str, answers: int, events_of_each: int) -> None:
        events = await self._connection.fetchval("SELECT count(*) FROM events")
        if events != answers * events_of_each:
            raise CannotMeasure(f"{name} answered {answers} writes and left {events} events.")

    async def _limit(self, operation: Operation) -> float:
        await forget_writes(self._connection)
        url, seconds = self._field.application_url, self._effort.seconds
        found = await asyncio.to_thread(pgbench.run, self._field.scripts[operation], url, seconds)
        print(f"{operation.title}: {PGBENCH}, {found:,.0f} a second", flush=True)
        return found


def _medians(found: Sequence[load.Measured]) -> Figures:
    return Figures(
        median(one.per_second for one in found),
        median(one.median_ms for one in found),
        median(one.p99_ms for one in found),
    )
