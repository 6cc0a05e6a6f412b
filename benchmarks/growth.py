"""Measures how long PostgreSQL runs Mandant's statements on growing data, with one connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

import asyncpg
from graphql import parse
from sqlalchemy import make_url

from benchmarks import growth_data
from benchmarks.data import open_trees
from benchmarks.in_process import TimedReads, answer, executor
from benchmarks.operations import Ask, Operation, asks_of
from server.database.connections import connect_as_application
from server.database.migrate import migrate
from server.demo.trees import ACCOUNTS_OF_A_TREE
from server.embedded_postgres import DatabaseAddresses

QUICK_SIZES = (1_000, 10_000, 100_000)
SIZES = (*QUICK_SIZES, 1_000_000)
LARGE_FROM = 100_000
"""The smallest size with viewers who reach LARGE_REACH accounts."""

LARGE_REACH = 10_000
MANY_MEMBERSHIPS = 500

_TREES_ASKED = 40
_WARM_UPS = 6
"""Requests before the measurement, so that the statement is planned and the caches are full."""
_TURNS = 5
_REPEATS = 60
"""Measured requests in each turn."""


@dataclass(frozen=True)
class Point:
    """Median milliseconds in PostgreSQL at one size of the data. None: there is no such viewer at this
    size."""

    accounts: int
    point_read_ms: float
    page_ms: float
    smallest_point_read_ms: float
    """The same for the smallest size, measured in turns with the others: the machine's speed varies."""
    smallest_page_ms: float
    one_membership_ms: float | None = None
    """A page of a viewer with one membership that reaches LARGE_REACH accounts."""
    many_memberships_ms: float | None = None
    """A page of a viewer with MANY_MEMBERSHIPS memberships, who reaches as many accounts."""


@dataclass(frozen=True)
class _Asked:
    """The requests of one database."""

    application: str
    operation: Operation
    asks: Sequence[Ask]


async def growth(addresses: DatabaseAddresses, sizes: Sequence[int]) -> list[Point]:
    """Let data grow in other databases of the same server, and measure at each size."""
    async with _data(addresses, "smallest") as (connection, application):
        await growth_data.grow(connection, 1, _trees_of(sizes[0]))
        smallest = await _small_viewers(connection, application)
    async with _data(addresses, "growth") as (connection, application):
        return await _points(connection, application, smallest, sizes)


@asynccontextmanager
async def _data(addresses: DatabaseAddresses, name: str) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """A new database: the owner's connection, and the application's address."""
    owner, application = (
        make_url(url).set(database=name).render_as_string(hide_password=False)
        for url in (addresses.owner, addresses.application)
    )
    connection = await asyncpg.connect(addresses.owner)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    await migrate(owner)
    connection = await asyncpg.connect(owner)
    try:
        await growth_data.prepare(connection)
        yield connection, application
    finally:
        await connection.close()


async def _points(
    connection: asyncpg.Connection, application: str, smallest: Sequence[_Asked], sizes: Sequence[int]
) -> list[Point]:
    points: list[Point] = []
    large: list[_Asked] = []
    trees = 0
    for size in sizes:
        await growth_data.grow(connection, trees + 1, _trees_of(size))
        trees = _trees_of(size)
        if size >= LARGE_FROM and not large:
            large = [
                _Asked(application, Operation.PAGE, [Ask(token, {})])
                for token in (
                    await growth_data.open_deep_viewer(connection, LARGE_REACH),
                    await growth_data.open_broad_viewer(connection, MANY_MEMBERSHIPS),
                )
            ]
        small = await _small_viewers(connection, application)
        point = Point(size, *await _medians_ms([*small, *smallest, *large]))
        print(point, flush=True)
        points.append(point)
    return points


def _trees_of(size: int) -> int:
    return -(-size // ACCOUNTS_OF_A_TREE)


async def _small_viewers(connection: asyncpg.Connection, application: str) -> list[_Asked]:
    """The callers who read an account by a key, and those whose page shows one tree."""
    asked = await open_trees(connection, _TREES_ASKED)
    operations = Operation.POINT_READ, Operation.PAGE
    return [_Asked(application, operation, asks_of(operation, asked)) for operation in operations]


async def _medians_ms(asked: Sequence[_Asked]) -> list[float]:
    """Measure each database, in turns."""
    taken: list[list[float]] = [[] for _ in asked]
    for _ in range(_TURNS):
        for one, times in zip(asked, taken, strict=True):
            times += await _turn(one)
    return [median(times) * 1000 for times in taken]


async def _turn(asked: _Asked) -> list[float]:
    """How long each answer took in PostgreSQL, in seconds."""
    database = connect_as_application(asked.application, 1)
    reads = TimedReads(asked.application)
    mandant = executor(database, reads)
    document = parse(asked.operation.document)
    for number in range(_WARM_UPS + _REPEATS):
        await answer(mandant, asked.operation.document, document, asked.asks[number % len(asked.asks)])
    await reads.close()
    await database.dispose()
    return reads.taken[_WARM_UPS:]
