"""Measures the memory of the server and its database connections for many different queries of one caller."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from random import Random
from statistics import median

import asyncpg
import orjson

from benchmarks.data import SEED, Tree
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Operation, asks_of, body
from benchmarks.servers import MANDANT, Running, running
from server.database.connections import read_connection
from server.embedded_postgres import DatabaseAddresses

QUERIES = 10_000
QUICK_QUERIES = 1_000

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
class Memory:
    """MB after so many queries, and how long one page takes that is requested again and again."""

    queries: int
    server: float
    fresh_server: float
    connection: float
    """The memory of the largest connection beyond that of a new one."""
    before_ms: float
    after_ms: float

    @property
    def kept_speed(self) -> float:
        """Times as fast as before."""
        return self.before_ms / self.after_ms


async def memory(addresses: DatabaseAddresses, trees: list[Tree], folder: Path, queries: int) -> Memory:
    """Measure a server of its own. Occupies the machine. Raises CannotMeasure if something is refused."""
    fresh_connection = await read_connection(addresses.application)
    await fresh_connection.fetchval("SELECT 1")
    fresh = _private(fresh_connection.get_server_pid())
    await fresh_connection.close()
    with running(MANDANT, addresses.application, folder) as server:
        page = body(Operation.PAGE, asks_of(Operation.PAGE, trees)[0])
        before = _page_ms(server, trees[0], page)
        fresh_server = _resident(server.pid)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(lambda part: _ask_all(server, trees[0], part, queries), range(_AT_ONCE)))
        connection = await asyncpg.connect(addresses.owner)
        backends = [row["pid"] for row in await connection.fetch(_BACKENDS)]
        await connection.close()
        largest = max(_private(pid) for pid in backends) - fresh
        return Memory(
            queries, _resident(server.pid), fresh_server, largest, before, _page_ms(server, trees[0], page)
        )


def _ask_all(server: Running, tree: Tree, part: int, queries: int) -> None:
    client = http.client.HTTPConnection(*server.address)
    for query in _queries(part, queries // _AT_ONCE):
        _ask(client, tree, orjson.dumps({"query": query}))
    client.close()


def _queries(part: int, count: int) -> Iterator[str]:
    """Pages of accounts with other fields and sizes each time, no two alike."""
    chance = Random(SEED + part)
    for number in range(count):
        fields = " ".join(chance.sample(_FIELDS, chance.randint(2, 8)))
        query = (
            f"{{viewer{{accounts(first:{chance.randint(1, 30)}){{nodes{{q{part}x{number}:id {fields}}}}}}}}}"
        )
        yield query
        if chance.random() < _TWICE:
            yield query


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


def _megabytes(pid: int, *kinds: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    found = [line.split() for line in lines]
    return sum(int(parts[1]) for parts in found if parts[0] in kinds) / 1024
