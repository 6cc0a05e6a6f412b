"""Measures how long a tree waits for its hundred messages while another one has a million waiting."""

import asyncio
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median

import asyncpg

from benchmarks.data import Tree, open_trees
from benchmarks.database import own_database
from benchmarks.machine import SERVER_CORE, CannotMeasure, pin
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.servers import python
from benchmarks.stage import Stage
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_MANY, _QUICK_MANY = 1_000_000, 20_000
_FEW = 100
_ROUNDS, _QUICK_ROUNDS = 9, 3
_LOOK_SECONDS = 0.02
_REST_SECONDS = 1.0
"""In which a worker restores what the tree may have before others."""
_PATIENCE = 120
_STOP_SECONDS = 60

_BODY = "INSERT INTO message_bodies (master_id, account_id, id, text) VALUES ($1, $1, $2, 'Hello!')"
_MESSAGES = """
INSERT INTO messages (master_id, account_id, id, channel, stream, is_test, recipient, recipient_canonical,
  recipient_digest, body_id, sender, sends, status, due_at, expires_at, attempts)
SELECT $1, $1, uuidv7(), 'SMS', 'TRANSACTIONAL', false, phone, phone, sha256(convert_to(phone, 'UTF8')), $2,
  'Benchmark', 1, 'WAITING', now(), now() + interval '1 day', 0
FROM generate_series(1, $3) AS n, LATERAL (SELECT '+4670' || to_char(n, 'FM0000000')) AS made(phone)
"""
_QUEUE = """
INSERT INTO delivery_queues (master_id, account_id, due_at) VALUES ($1, $1, now())
ON CONFLICT (master_id, account_id) DO UPDATE SET due_at = excluded.due_at
"""
_JOB = "SELECT mandant_enqueue('message_delivery', $1, $1, NULL)"
_LEFT = """
SELECT count(*) FROM messages
WHERE master_id = $1 AND account_id = $1 AND status IN ('WAITING', 'CLAIMED')
"""


@dataclass(frozen=True)
class WaitingTrees:
    """Medians in seconds until a hundred messages of a tree are handed over. `waiting`: how many another tree
    has meanwhile."""

    waiting: int
    alone: float
    beside: float

    def ratios(self) -> list[Ratio]:
        what = f"{_FEW} messages beside a tree with {self.waiting:,} waiting, against alone: time"
        return [Ratio(what, f"{self.beside / self.alone:.2f}")]

    def table(self) -> Table:
        rows = [["Alone", f"{self.alone:.2f}"], [f"Beside {self.waiting:,}", f"{self.beside:.2f}"]]
        return Table(["", "Seconds"], rows)

    def as_json(self) -> Mapping[str, object]:
        return rounded({"beside_vs_alone": self.beside / self.alone, **asdict(self)})


async def _waiting_trees(stage: Stage) -> WaitingTrees:
    """In a database of its own on the same server. Raises CannotMeasure where a tree is not served."""
    many, rounds = (_QUICK_MANY, _QUICK_ROUNDS) if stage.effort.quick else (_MANY, _ROUNDS)
    owner, application = await own_database(stage.addresses, "waiting_trees")
    await migrate(owner)
    await load_trees(owner, 2)
    connection = await asyncpg.connect(owner)
    try:
        large, small = await open_trees(connection, 2)
        with _worker(application, stage):
            await _served(connection, small)  # what a process prepares is not measured
            alone = [await _served(connection, small) for _ in range(rounds)]
            await _give(connection, large, many)
            beside = [await _served(connection, small) for _ in range(rounds)]
            if not await connection.fetchval(_LEFT, large.master_id):
                raise CannotMeasure("The large tree was done before the small one.")
    finally:
        await connection.close()
    return WaitingTrees(many, median(alone), median(beside))


async def _served(connection: asyncpg.Connection, tree: Tree) -> float:
    """The seconds until as few messages of the tree are handed over, of which none was for a while."""
    await asyncio.sleep(_REST_SECONDS)
    began = time.perf_counter()
    await _give(connection, tree, _FEW)
    while await connection.fetchval(_LEFT, tree.master_id):
        if time.perf_counter() - began > _PATIENCE:
            raise CannotMeasure(f"A tree with {_FEW} messages was not served within {_PATIENCE} seconds.")
        await asyncio.sleep(_LOOK_SECONDS)
    taken = time.perf_counter() - began
    print(f"{_FEW} messages: {taken:.2f} s", flush=True)
    return taken


async def _give(connection: asyncpg.Connection, tree: Tree, number: int) -> None:
    """The tree has so many more messages to be handed over."""
    async with connection.transaction():
        body = await connection.fetchval("SELECT uuidv7()")
        await connection.execute(_BODY, tree.master_id, body)
        await connection.execute(_MESSAGES, tree.master_id, body, number)
        await connection.execute(_QUEUE, tree.master_id)
        await connection.execute(_JOB, tree.master_id)
    if number > _FEW:
        await connection.execute("ANALYZE messages")


@contextmanager
def _worker(database_url: str, stage: Stage) -> Iterator[None]:
    with (stage.folder / "waiting-trees-worker.log").open("wb") as output:
        process = subprocess.Popen(
            [*python("benchmarks.outbox_worker"), "work", database_url, str(stage.folder / "outbox")],
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(pin, SERVER_CORE),
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


PART = Part(
    "waiting_trees",
    "A tree with few messages beside one with a million",
    f"{_FEW} SMS of a tree, from the commit of their rows until the last one is handed over, by one worker "
    "that hands over to a folder: first with nothing else to do, then while another tree has so many "
    "waiting. The small tree has a hundred each second at most, which go before what others have beyond "
    "their first shares.",
    _waiting_trees,
)
