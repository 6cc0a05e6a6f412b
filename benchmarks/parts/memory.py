"""Measures the memory of the server and its database connections for many different queries of one caller."""

import http.client
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from random import Random
from statistics import median

import asyncpg
import orjson

from benchmarks.data import SEED, Tree
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Operation, asks_of, body
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.quiet import family, postmaster_of
from benchmarks.reporting.texts import rounded
from benchmarks.servers import MANDANT, Running, running
from benchmarks.stage import Stage
from server.database.connections import read_connection

_QUERIES = (5_000, 10_000)
_QUICK_QUERIES = (500, 1_000)

_AT_ONCE = 4
_REPEATED = 300
_TWICE = 0.25
"""The share of queries that are sent once more, so that they are prepared."""
_FIELDS = [
    "name",
    "kind",
    "status",
    "ownStatus",
    "externalId",
    "createdAt",
    "version",
    "viewerPermissions",
    "parent{id,name}",
    "master{id}",
    "ancestors{id,name}",
    "members(first:5){totalCount,nodes{id,role{name},user{id,email}}}",
    "subaccounts(first:5){totalCount,nodes{id,name,status}}",
    "apiKeys(first:5){nodes{id,name}}",
    "events(first:5){nodes{id},pageInfo{hasNextPage,endCursor}}",
    "shares(first:5){totalCount}",
]
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'mandant'"


@dataclass(frozen=True)
class Reading:
    """MB after so many different queries."""

    queries: int
    server: float
    postgresql: float
    """All its processes; what they share is counted once."""
    connection: float
    """The largest of the server's, beyond one that has just been opened."""


@dataclass(frozen=True)
class Memory:
    """`readings`: the first is of a fresh server. `before_ms`, `after_ms`: a page that is asked for again and
    again."""

    readings: Sequence[Reading]
    before_ms: float
    after_ms: float

    @property
    def kept_speed(self) -> float:
        """Times as fast as before."""
        return self.before_ms / self.after_ms

    def ratios(self) -> list[Ratio]:
        fresh, *later = self.readings
        last = later[-1].queries
        return [
            *(
                Ratio(
                    f"After {one.queries:,} different queries: server / PostgreSQL grew by / a connection by",
                    f"{one.server:.0f} / {one.postgresql - fresh.postgresql:.0f} / {one.connection:.0f} MB",
                )
                for one in later
            ),
            Ratio(
                f"Page, repeated after {last:,} different queries, against before", f"{self.kept_speed:.2f}"
            ),
        ]

    def table(self) -> Table:
        head = [
            "Different queries",
            "Server MB",
            "PostgreSQL MB",
            "Largest connection MB, beyond a fresh one",
        ]
        rows = [
            [f"{one.queries:,}", *(f"{size:.0f}" for size in (one.server, one.postgresql, one.connection))]
            for one in self.readings
        ]
        return Table(head, rows)

    def as_json(self) -> Mapping[str, object]:
        return {
            "kept_speed": round(self.kept_speed, 2),
            "before_ms": round(self.before_ms, 3),
            "after_ms": round(self.after_ms, 3),
            "readings": [rounded(asdict(one)) for one in self.readings],
        }


async def _memory(stage: Stage) -> Memory:
    """Of a server of its own. Blocks the machine. Raises CannotMeasure where something is refused."""
    data, url = await stage.data(), stage.addresses.application
    fresh_connection = await read_connection(url)
    await fresh_connection.fetchval("SELECT 1")
    fresh = _private(fresh_connection.get_server_pid())
    await fresh_connection.close()
    others = await _backends(data.connection)
    with running(MANDANT, url, stage.folder) as server:
        meter = _Meter(server, data.connection, fresh, others)
        tree, page = data.trees[0], body(Operation.PAGE, asks_of(Operation.PAGE, data.trees)[0])
        before = _page_ms(server, tree, page)
        readings, asked = [await meter.read(0)], 0
        parts = [_queries(part) for part in range(_AT_ONCE)]
        for queries in _QUICK_QUERIES if stage.effort.quick else _QUERIES:
            each = (queries - asked) // _AT_ONCE
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                list(threads.map(lambda part, each=each: _ask_all(server, tree, part, each), parts))
            asked = queries
            readings.append(await meter.read(queries))
            print(readings[-1], flush=True)
        return Memory(readings, before, _page_ms(server, tree, page))


@dataclass(frozen=True)
class _Meter:
    server: Running
    connection: asyncpg.Connection
    fresh: float
    """MB of a connection that has just been opened."""
    others: Set[int]
    """Other servers' connections."""

    async def read(self, queries: int) -> Reading:
        largest = max(map(_private, await _backends(self.connection) - self.others)) - self.fresh
        postgres = family(await postmaster_of(self.connection))
        return Reading(queries, _resident(self.server.pid), sum(map(_shared_out, postgres)), largest)


async def _backends(connection: asyncpg.Connection) -> set[int]:
    return {row["pid"] for row in await connection.fetch(_BACKENDS)}


def _ask_all(server: Running, tree: Tree, queries: Iterator[Sequence[str]], count: int) -> None:
    client = http.client.HTTPConnection(*server.address)
    for query in itertools.chain.from_iterable(itertools.islice(queries, count)):
        _ask(client, tree, orjson.dumps({"query": query}))
    client.close()


def _queries(part: int) -> Iterator[Sequence[str]]:
    """Pages of accounts of ever other fields and sizes, no two alike; some are to be asked twice."""
    chance = Random(SEED + part)
    for number in itertools.count():
        fields = " ".join(chance.sample(_FIELDS, chance.randint(2, 8)))
        query = (
            f"{{viewer{{accounts(first:{chance.randint(1, 30)}){{nodes{{q{part}x{number}:id {fields}}}}}}}}}"
        )
        yield (query, query) if chance.random() < _TWICE else (query,)


def _page_ms(server: Running, tree: Tree, page: bytes) -> float:
    client = http.client.HTTPConnection(*server.address)
    taken = []
    for _ in range(_REPEATED):
        began = time.perf_counter()
        _ask(client, tree, page)
        taken.append(time.perf_counter() - began)
    client.close()
    return median(taken) * 1000


def _ask(client: http.client.HTTPConnection, tree: Tree, asked: bytes) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {tree.owner_token}"}
    client.request("POST", "/graphql", asked, headers)
    answer = client.getresponse()
    told = answer.read()
    if answer.status != HTTPStatus.OK or b'"errors":' in told:
        raise CannotMeasure(f"Mandant answers {told[:300]!r} to {asked[:300]!r}.")


def _resident(pid: int) -> float:
    return _megabytes(pid, "Rss:")


def _private(pid: int) -> float:
    return _megabytes(pid, "Private_Clean:", "Private_Dirty:")


def _shared_out(pid: int) -> float:
    return _megabytes(pid, "Pss:")


def _megabytes(pid: int, *kinds: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    found = [line.split() for line in lines]
    return sum(int(parts[1]) for parts in found if parts[0] in kinds) / 1024


PART = Part(
    "memory",
    "Memory after many different queries of one caller",
    "Pages of accounts, no two alike, a quarter of them asked twice, from a server of its own, four at a "
    "time. Server: the memory that the process holds. PostgreSQL: all its processes, those of the other "
    "servers too, which do nothing meanwhile, so what counts is how it grows. Connection: what "
    "PostgreSQL's process has for itself alone.",
    _memory,
)
