"""How long PostgreSQL takes for Mandant's statements while the data grow, at one connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import asyncpg
from graphql import parse
from sqlalchemy import make_url

from benchmarks import growth_data
from benchmarks.data import open_trees
from benchmarks.in_process import TimedReads, answer, executor
from benchmarks.operations import Ask, Operation, asks_of
from server.database import connect_as_application
from server.demo.trees import ACCOUNTS_OF_A_TREE
from server.embedded_postgres import DatabaseAddresses
from server.migrate import migrate

QUICK_SIZES = (1_000, 10_000, 100_000)
SIZES = (*QUICK_SIZES, 1_000_000)
LARGE_FROM = 100_000
"""From this size on there are viewers who reach LARGE_REACH accounts."""

LARGE_REACH = 10_000
MANY_MEMBERSHIPS = 500

_TREES_ASKED = 40
_WARM_UPS = 6
"""Until the statement is planned and the caches are full."""
_REPEATS = 300


@dataclass(frozen=True)
class Point:
    """Median milliseconds in PostgreSQL, at one size of the data. None: no such viewer at this size."""

    accounts: int
    point_read_ms: float
    page_ms: float
    one_membership_ms: float | None
    """A page of a viewer with one membership that reaches LARGE_REACH accounts."""
    many_memberships_ms: float | None
    """A page of a viewer with MANY_MEMBERSHIPS memberships, who reaches as many accounts."""


async def growth(addresses: DatabaseAddresses, sizes: Sequence[int]) -> list[Point]:
    """Grow data of their own in another database of the same server, and measure at each size."""
    owner, application = (_growing(url) for url in (addresses.owner, addresses.application))
    connection = await asyncpg.connect(addresses.owner)
    await connection.execute("CREATE DATABASE growth")
    await connection.close()
    await migrate(owner)
    connection = await asyncpg.connect(owner)
    try:
        await growth_data.prepare(connection)
        return await _points(connection, application, sizes)
    finally:
        await connection.close()


def _growing(url: str) -> str:
    return make_url(url).set(database="growth").render_as_string(hide_password=False)


async def _points(connection: asyncpg.Connection, application: str, sizes: Sequence[int]) -> list[Point]:
    points: list[Point] = []
    trees = 0
    large: tuple[str, str] | None = None
    for size in sizes:
        wanted = -(-size // ACCOUNTS_OF_A_TREE)
        await growth_data.grow(connection, trees + 1, wanted)
        trees = wanted
        if size >= LARGE_FROM and large is None:
            large = (
                await growth_data.open_deep_viewer(connection, LARGE_REACH),
                await growth_data.open_broad_viewer(connection, MANY_MEMBERSHIPS),
            )
        asked = await open_trees(connection, _TREES_ASKED)
        small = {operation: asks_of(operation, asked) for operation in (Operation.POINT_READ, Operation.PAGE)}
        point = Point(
            size,
            await _median_ms(application, Operation.POINT_READ, small[Operation.POINT_READ]),
            await _median_ms(application, Operation.PAGE, small[Operation.PAGE]),
            *[await _large(application, token) for token in large or (None, None)],
        )
        print(point, flush=True)
        points.append(point)
    return points


async def _large(application: str, token: str | None) -> float | None:
    return None if token is None else await _median_ms(application, Operation.PAGE, [Ask(token, {})])


async def _median_ms(application: str, operation: Operation, asks: Sequence[Ask]) -> float:
    database = connect_as_application(application, 1)
    reads = TimedReads(application)
    mandant = executor(database, reads)
    document = parse(operation.document)
    for number in range(_WARM_UPS + _REPEATS):
        await answer(mandant, operation.document, document, asks[number % len(asks)])
    await reads.close()
    await database.dispose()
    return median(reads.taken[_WARM_UPS:]) * 1000
