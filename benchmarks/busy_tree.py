"""Measures writes in other trees while many clients write in one tree, and the same writes without them."""

import asyncio
import itertools
import multiprocessing
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles

import asyncpg
import orjson
import uvloop

from authz.policy.builtin_roles import BuiltinRole
from benchmarks.data import Tree, global_id, open_session, open_trees
from benchmarks.database import own_database
from benchmarks.load import HEAD_END, http_request
from benchmarks.machine import LOAD_CORE, CannotMeasure, pin
from benchmarks.rounds import Effort
from benchmarks.sends import give_plan
from benchmarks.servers import MANDANT, running
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses

WRITERS = 24
"""Clients of the busy tree. Each waits for its response before the next request."""

OTHERS = 4
"""Other trees, with one such client each."""

_RECIPIENTS = 10_000_000
_RESERVE = """mutation Reserve($input: SendReserveInput!) {
  sendReserve(input: $input) { reservation { id } userErrors { code } }
}"""


_SERVER = replace(MANDANT, command=("env", "MANDANT_TRUSTED_PROXIES=127.0.0.1", *MANDANT.command))
"""Trusts the network addresses that its clients state: one address alone may not send so many requests."""

_PEOPLE = """
INSERT INTO memberships (master_id, account_id, id, user_id, role_id)
SELECT $1, $1, gen_random_uuid(), user_id, $2 FROM (
  SELECT DISTINCT user_id FROM memberships AS below WHERE master_id = $1 AND NOT EXISTS (
    SELECT FROM memberships AS above WHERE above.account_id = $1 AND above.user_id = below.user_id
  ) ORDER BY user_id LIMIT $3
) AS people RETURNING user_id
"""


@dataclass(frozen=True)
class Writing:
    """The responses to the clients of one kind. In milliseconds."""

    per_second: float
    median_ms: float
    p99_ms: float
    refused: int
    """Responses without a reservation."""


@dataclass(frozen=True)
class BusyTree:
    """Medians over the rounds. `refused` counts all rounds together."""

    alone: Writing
    beside: Writing
    busy: Writing

    @property
    def slower(self) -> float:
        """The 99th percentile of the other trees, as a multiple of the one without the busy tree."""
        return self.beside.p99_ms / self.alone.p99_ms


async def busy_tree(addresses: DatabaseAddresses, folder: Path, effort: Effort) -> BusyTree:
    """Measure in a database of its own on the same server. Raises CannotMeasure if the server closes a
    connection."""
    owner, application = await own_database(addresses, "busy_tree")
    await migrate(owner)
    await load_trees(owner, OTHERS + 1)
    connection = await asyncpg.connect(owner)
    try:
        trees = await open_trees(connection, OTHERS + 1)
        for tree in trees:
            await give_plan(connection, tree, _RECIPIENTS)
        busy, *quiet = trees
        crowd = [_Sender(busy, token) for token in await _open_people(connection, busy)]
    finally:
        await connection.close()
    others = [_Sender(tree, tree.owner_token) for tree in quiet]
    loop, context = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    alone: list[Writing] = []
    beside: list[Writing] = []
    writers: list[Writing] = []
    with (
        ProcessPoolExecutor(1, mp_context=context) as process,
        running(_SERVER, application, folder) as server,
    ):
        for _ in range(effort.rounds):
            for these in ([], crowd):
                asked = _Load(server.address, these, others, effort.warm_seconds, effort.seconds)
                found, of_these = await loop.run_in_executor(process, _run, asked)
                (beside if these else alone).append(found)
                if of_these is not None:
                    writers.append(of_these)
                print(f"Beside {len(these)} writers: {found}; these: {of_these}", flush=True)
    return BusyTree(_together(alone), _together(beside), _together(writers))


def _together(found: list[Writing]) -> Writing:
    return Writing(
        median(one.per_second for one in found),
        median(one.median_ms for one in found),
        median(one.p99_ms for one in found),
        sum(one.refused for one in found),
    )


async def _open_people(connection: asyncpg.Connection, tree: Tree) -> list[str]:
    """Sessions of people who may send from the master account of the tree."""
    rows = await connection.fetch(_PEOPLE, tree.master_id, BuiltinRole.MARKETER.id, WRITERS)
    return [await open_session(connection, row["user_id"]) for row in rows]


@dataclass(frozen=True)
class _Sender:
    tree: Tree
    token: str


@dataclass(frozen=True)
class _Load:
    address: tuple[str, int]
    crowd: list[_Sender]
    others: list[_Sender]
    warm_seconds: float
    seconds: float


def _run(load: _Load) -> tuple[Writing, Writing | None]:
    pin(LOAD_CORE)
    return uvloop.run(_write(load))


async def _write(load: _Load) -> tuple[Writing, Writing | None]:
    begin = time.perf_counter() + load.warm_seconds
    times = (begin, begin + load.seconds)
    senders = [*load.others, *load.crowd]
    writers = [_Writer(load.address, sender, place, *times) for place, sender in enumerate(senders)]
    others, crowd = writers[: len(load.others)], writers[len(load.others) :]
    await asyncio.gather(*(writer.run() for writer in writers))
    return _measured(others, load.seconds), _measured(crowd, load.seconds) if crowd else None


def _measured(writers: list["_Writer"], seconds: float) -> Writing:
    latencies = [latency for writer in writers for latency in writer.latencies]
    if len(latencies) < 2:
        raise CannotMeasure(
            f"{len(latencies)} sends were answered in {seconds} seconds: the machine is too busy."
        )
    cuts = quantiles(latencies, n=100)
    refused = sum(writer.refused for writer in writers)
    return Writing(len(latencies) / seconds, cuts[49] * 1000, cuts[98] * 1000, refused)


@dataclass
class _Writer:
    """One client, which reserves one send after the other in the master account of the tree."""

    address: tuple[str, int]
    sender: _Sender
    place: int
    begin: float
    end: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    async def run(self) -> None:
        """Until the end."""
        reader, writer = await asyncio.open_connection(*self.address)
        for number in itertools.count():
            writer.write(self._request(number))
            sent = time.perf_counter()
            answer = await self._answer(reader)
            now = time.perf_counter()
            if now > self.end:
                break
            if now >= self.begin:
                self.latencies.append(now - sent)
                self.refused += b'"reservation":{"id"' not in answer
        writer.close()

    def _request(self, number: int) -> bytes:
        key = str(uuid.uuid4())
        values = {
            "accountId": global_id(self.sender.tree.account_ids[0]),
            "stream": "MARKETING",
            "recipients": [f"person{number}.{key}@example.com"],
            "idempotencyKey": key,
        }
        content = orjson.dumps({"query": _RESERVE, "variables": {"input": values}})
        return http_request(self.sender.token, content, {"x-forwarded-for": f"10.0.0.{self.place}"})

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(HEAD_END)
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            return head + await reader.readexactly(int(length.partition(b":")[2]))
        except asyncio.IncompleteReadError as error:
            raise CannotMeasure(f"The server closed the connection after {error.partial!r}.") from error
