"""Measures how long PostgreSQL runs Mandant's statements on growing data, with one connection."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

import asyncpg
from graphql import parse

from benchmarks import pgbench
from benchmarks.agreement import forget_writes
from benchmarks.data import Tree, give_credit, open_trees
from benchmarks.database import own_database
from benchmarks.in_process import TimedReads, answer, executor
from benchmarks.operations import CHANGES, Ask, Operation, asks_of
from benchmarks.parts import growth_data
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.recording import record
from benchmarks.reporting.texts import rounded
from benchmarks.scripts import script_of
from benchmarks.stage import Stage
from server.database.connections import connect_as_application
from server.database.migrate import migrate
from server.demo.trees import ACCOUNTS_OF_A_TREE

QUICK_SIZES = (1_000, 10_000, 100_000)
SIZES = (*QUICK_SIZES, 1_000_000)
LARGE_FROM = 100_000
"""The smallest size with viewers who reach LARGE_REACH accounts."""

LARGE_REACH = 10_000
MANY_MEMBERSHIPS = 500

OPERATIONS = tuple(
    operation for operation in Operation if operation not in (Operation.FAR_READ, Operation.SEND)
)
"""Of the control plane."""

_TREES_ASKED = 40
_WARM_UPS = 6
"""Requests before the measurement, so that the statement is planned and the caches are full."""
_TURNS = 5
_REPEATS = 60
"""In each turn."""
_CHANGE_SECONDS = 1
"""Of pgbench, in each turn."""


@dataclass(frozen=True)
class Point:
    """Median milliseconds in PostgreSQL, at one size of the data."""

    accounts: int
    operations: Mapping[Operation, float]
    smallest: Mapping[Operation, float]
    """The same of the smallest size, kept beside and measured by turns: the machine is not always as fast."""
    one_membership_ms: float | None
    """A page of a viewer with one membership that reaches LARGE_REACH accounts; None: too little data."""
    many_memberships_ms: float | None
    """A page of a viewer with MANY_MEMBERSHIPS memberships, who reaches as many accounts."""


@dataclass(frozen=True)
class Growth:
    """From the smallest size to the largest."""

    points: Sequence[Point]

    def ratios(self) -> list[Ratio]:
        sizes = f"{self.points[-1].accounts:,} accounts against {self.points[0].accounts:,}"
        return [
            Ratio(f"{operation.title} in PostgreSQL, {sizes}", f"{self._ratio(operation):.2f}")
            for operation in OPERATIONS
        ]

    def table(self) -> Table:
        titles = [operation.title for operation in OPERATIONS]
        large = [f"{LARGE_REACH:,} in reach by {many}" for many in ("one membership", f"{MANY_MEMBERSHIPS}")]
        rows = [
            [
                f"{point.accounts:,}",
                *(f"{point.operations[operation]:.2f}" for operation in OPERATIONS),
                *_two_places(point.one_membership_ms, point.many_memberships_ms),
            ]
            for point in self.points
        ]
        return Table(["Accounts: ms", *titles, *large], rows)

    def as_json(self) -> Mapping[str, object]:
        return {
            **{operation.value: round(self._ratio(operation), 2) for operation in OPERATIONS},
            "points": [_point_as_json(point) for point in self.points],
        }

    def _ratio(self, operation: Operation) -> float:
        """At the largest size, for each millisecond at the smallest, measured by turns."""
        largest = self.points[-1]
        return largest.operations[operation] / largest.smallest[operation]


def _two_places(*values: float | None) -> list[str]:
    return ["" if value is None else f"{value:.2f}" for value in values]


def _point_as_json(point: Point) -> Mapping[str, object]:
    large = {"one_membership": point.one_membership_ms, "many_memberships": point.many_memberships_ms}
    small = {operation.value: taken for operation, taken in point.operations.items()}
    return {"accounts": point.accounts, **rounded({**small, **large})}


class _Asked(Protocol):
    """Requests to the data of one database."""

    async def turn(self) -> list[float]:
        """Ask for a moment: seconds in PostgreSQL, once or several times."""


@dataclass(frozen=True)
class _Read:
    application: str
    operation: Operation
    asks: Sequence[Ask]

    async def turn(self) -> list[float]:
        """How long each answer took."""
        database = connect_as_application(self.application, 1)
        reads = TimedReads(self.application)
        mandant = executor(database, reads)
        document = parse(self.operation.document)
        for number in range(_WARM_UPS + _REPEATS):
            ask = self.asks[number % len(self.asks)]
            await answer(mandant, self.operation.document, document, ask)
        await reads.close()
        await database.dispose()
        return reads.taken[_WARM_UPS:]


@dataclass(frozen=True)
class _Change:
    application: str
    script: pgbench.Prepared

    async def turn(self) -> list[float]:
        """How long a transaction took on average, with all statements that Mandant sends for it."""
        asked = self.script, self.application, _CHANGE_SECONDS
        ran = await asyncio.to_thread(pgbench.run, *asked, until_on_disk=False)
        return [1 / ran.per_second]


async def _growth(stage: Stage) -> Growth:
    """Grow data of their own in other databases of the same server, and measure at each size."""
    sizes = QUICK_SIZES if stage.effort.quick else SIZES
    async with _data(stage, "smallest") as small, _data(stage, "growth") as growing:
        await growth_data.grow(small.connection, 1, _trees_of(sizes[0]))
        smallest = await small.asked()
        return Growth([point async for point in _points(growing, smallest, sizes)])


@dataclass(frozen=True)
class _Database:
    name: str
    owner: str
    application: str
    connection: asyncpg.Connection
    folder: Path

    async def asked(self) -> dict[Operation, _Asked]:
        """Everything that is asked of the data as they are now."""
        # The connection that makes the data looks at no rules, which a ledger needs.
        connection = await asyncpg.connect(self.owner)
        try:
            trees = await open_trees(connection, _TREES_ASKED)
            await give_credit(connection, trees)
            return {
                operation: await self._change(connection, operation, trees)
                if operation in CHANGES
                else _Read(self.application, operation, asks_of(operation, trees))
                for operation in OPERATIONS
            }
        finally:
            await connection.close()

    async def _change(
        self, connection: asyncpg.Connection, operation: Operation, trees: Sequence[Tree]
    ) -> _Change:
        await forget_writes(connection)
        recorded = await record(self.application, operation, asks_of(operation, trees))
        script = script_of(recorded)
        prepared = await pgbench.prepare(connection, operation.value, script, self.folder, clients=1)
        return _Change(self.application, prepared)


@asynccontextmanager
async def _data(stage: Stage, name: str) -> AsyncIterator[_Database]:
    """A new database on the same server."""
    owner, application = await own_database(stage.addresses, name)
    await migrate(owner)
    folder = stage.folder / name
    folder.mkdir()
    connection = await asyncpg.connect(owner)
    try:
        await growth_data.prepare(connection)
        yield _Database(name, owner, application, connection, folder)
    finally:
        await connection.close()


async def _points(
    growing: _Database, smallest: Mapping[Operation, _Asked], sizes: Sequence[int]
) -> AsyncIterator[Point]:
    large: list[_Asked] = []
    trees = 0
    for size in sizes:
        await growth_data.grow(growing.connection, trees + 1, _trees_of(size))
        trees = _trees_of(size)
        asked = await growing.asked()
        if size >= LARGE_FROM and not large:
            large = await _large_viewers(growing)
        taken = await _medians_ms([*asked.values(), *smallest.values(), *large])
        own, of_smallest, of_large = (
            taken[: len(asked)],
            taken[len(asked) : 2 * len(asked)],
            taken[2 * len(asked) :],
        )
        point = Point(
            size,
            dict(zip(asked, own, strict=True)),
            dict(zip(smallest, of_smallest, strict=True)),
            *(of_large or (None, None)),
        )
        print(_point_as_json(point), flush=True)
        yield point


async def _large_viewers(growing: _Database) -> list[_Asked]:
    tokens = (
        await growth_data.open_deep_viewer(growing.connection, LARGE_REACH),
        await growth_data.open_broad_viewer(growing.connection, MANY_MEMBERSHIPS),
    )
    return [_Read(growing.application, Operation.PAGE, [Ask(token, {})]) for token in tokens]


def _trees_of(size: int) -> int:
    return -(-size // ACCOUNTS_OF_A_TREE)


async def _medians_ms(asked: Sequence[_Asked]) -> list[float]:
    """Measure each database, in turns."""
    taken: list[list[float]] = [[] for _ in asked]
    for _ in range(_TURNS):
        for one, times in zip(asked, taken, strict=True):
            times += await one.turn()
    return [median(times) * 1000 for times in taken]


PART = Part(
    "growth",
    "Growth: milliseconds in PostgreSQL",
    "How long PostgreSQL takes at one connection while the data grow from 1,000 accounts on. Of the reads "
    "it is Mandant's prepared statement, the median of 300 in five turns; of the changes all statements "
    "of the transaction, sent by pgbench for a second in each of five turns, without waiting for the "
    "disk, which takes as long whatever the size. The ratios are to data of the smallest size that are "
    "kept beside and measured in the same turns. A tree's rows lie together at each size, as they do in a "
    "young database.",
    _growth,
)
