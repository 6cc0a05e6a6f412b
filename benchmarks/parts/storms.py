"""Sixteen who write at once: in one tree, where they wait for each other's locks, and in sixteen trees."""

import asyncio
import contextlib
import enum
import multiprocessing
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from statistics import fmean, median

import asyncpg
import uvloop

from authz.policy.builtin_roles import BuiltinRole
from benchmarks import writers
from benchmarks.agreement import forget_writes
from benchmarks.data import give_credit, open_trees
from benchmarks.database import own_database
from benchmarks.effort import Effort
from benchmarks.load import http_request
from benchmarks.machine import LOAD_CORE, pin
from benchmarks.operations import CONNECTIONS, Ask, Operation, body, transfer, write
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import WRITING_HEAD, rounded, writing_row
from benchmarks.servers import TRUSTING, running
from benchmarks.stage import Stage
from benchmarks.writers import Writer, Writing
from models.base.ids import AccountId
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_LOOK_SECONDS = 0.05
_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"""


class Place(enum.Enum):
    """Where the writers write."""

    MANY_TREES = "in 16 trees"
    ONE_TREE = "in one tree"


@dataclass(frozen=True)
class Storm:
    """Medians over the rounds. `waiting`: connections that waited for a lock, on average."""

    writing: Writing
    waiting: float


@dataclass(frozen=True)
class Storms:
    """By what is written and where."""

    storms: Mapping[tuple[Operation, Place], Storm]

    def ratios(self) -> list[Ratio]:
        return [
            Ratio(
                f"{operation.title} by 16 at once in one tree, against 16 trees",
                f"{self._kept(operation):.2f}",
            )
            for operation in _OPERATIONS
        ]

    def table(self) -> Table:
        rows = [
            [*writing_row(f"{operation.title} {place.value}", storm.writing), f"{storm.waiting:.1f}"]
            for (operation, place), storm in self.storms.items()
        ]
        return Table([*WRITING_HEAD, "Connections that wait for a lock"], rows)

    def as_json(self) -> Mapping[str, object]:
        return {
            f"{operation.value}_{place.name.lower()}": rounded(asdict(storm))
            for (operation, place), storm in self.storms.items()
        }

    def _kept(self, operation: Operation) -> float:
        one, many = (self.storms[operation, place] for place in (Place.ONE_TREE, Place.MANY_TREES))
        return one.writing.per_second / many.writing.per_second


_OPERATIONS = (Operation.WRITE, Operation.TRANSFER)


@dataclass(frozen=True)
class _Storming:
    """A writer: a caller, its master account and an account below that nobody else writes to."""

    token: str
    master: AccountId
    account: AccountId


@dataclass(frozen=True)
class _Load:
    address: tuple[str, int]
    operation: Operation
    storming: Sequence[_Storming]
    effort: Effort


async def _storms(stage: Stage) -> Storms:
    """In a database of its own on the same server. Raises CannotMeasure where the server hangs up."""
    owner, application = await own_database(stage.addresses, "storms")
    await migrate(owner)
    await load_trees(owner, CONNECTIONS + 1)
    connection = await asyncpg.connect(owner)
    try:
        places = await _places(connection)
        with (
            ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
            running(TRUSTING, application, stage.folder) as server,
        ):
            return await _rounds(connection, process, server.address, places, stage.effort)
    finally:
        await connection.close()


async def _places(connection: asyncpg.Connection) -> Mapping[Place, Sequence[_Storming]]:
    one, *many = await open_trees(connection, CONNECTIONS + 1)
    await give_credit(connection, [one, *many])
    people = await writers.open_people(connection, one, BuiltinRole.ADMINISTRATOR, CONNECTIONS)
    return {
        Place.MANY_TREES: [_Storming(tree.owner_token, *tree.active_ids[:2]) for tree in many],
        Place.ONE_TREE: [
            _Storming(token, one.active_ids[0], account)
            for token, account in zip(people, one.active_ids[1:], strict=False)
        ],
    }


async def _rounds(
    connection: asyncpg.Connection,
    process: ProcessPoolExecutor,
    address: tuple[str, int],
    places: Mapping[Place, Sequence[_Storming]],
    effort: Effort,
) -> Storms:
    found: dict[tuple[Operation, Place], list[Storm]] = {
        (operation, place): [] for operation in _OPERATIONS for place in Place
    }
    for _ in range(effort.rounds):
        for (operation, place), storms in found.items():
            await forget_writes(connection)
            load = _Load(address, operation, places[place], effort)
            async with _counting(connection) as waiting:
                writing = await asyncio.get_running_loop().run_in_executor(process, _run, load)
            storms.append(Storm(writing, waiting.mean))
            print(f"Storm: {operation.title} {place.value}: {storms[-1]}", flush=True)
    return Storms({what: _together(storms) for what, storms in found.items()})


def _together(storms: Sequence[Storm]) -> Storm:
    return Storm(
        writers.together([storm.writing for storm in storms]), median(storm.waiting for storm in storms)
    )


@dataclass
class _Waiting:
    counts: list[int] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return fmean(self.counts) if self.counts else 0.0


@asynccontextmanager
async def _counting(connection: asyncpg.Connection) -> AsyncIterator[_Waiting]:
    """Looks again and again how many connections wait for a lock."""
    waiting = _Waiting()

    async def look() -> None:
        while True:
            waiting.counts.append(await connection.fetchval(_WAITING))
            await asyncio.sleep(_LOOK_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield waiting
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _run(load: _Load) -> Writing:
    pin(LOAD_CORE)
    return uvloop.run(_write(load))


async def _write(load: _Load) -> Writing:
    made = [_writer(load, place, storming) for place, storming in enumerate(load.storming)]
    await writers.write(made, load.effort.warm_seconds, load.effort.seconds)
    return writers.measured(made, load.effort.seconds)


def _writer(load: _Load, place: int, storming: _Storming) -> Writer:
    headers = {"x-forwarded-for": f"10.0.1.{place}"}
    asks = _changes(storming) if load.operation is Operation.WRITE else _transfers(storming)

    def request(done: bool) -> bytes:
        ask = asks(done)
        return http_request(storming.token, body(load.operation, ask), headers)

    done = b'"account":{' if load.operation is Operation.WRITE else b'"fromAccount":{'
    return Writer(load.address, request, done)


def _changes(storming: _Storming) -> Callable[[bool], Ask]:
    """From version to version, each as soon as the one before is done."""
    version = 1

    def ask(done: bool) -> Ask:
        nonlocal version
        version += done
        return write(storming.token, storming.account, version)

    return ask


def _transfers(storming: _Storming) -> Callable[[bool], Ask]:
    return lambda done: transfer(storming.token, storming.master, storming.account)


PART = Part(
    "write_storms",
    "Write storms: in one tree and in many",
    "16 clients at once, each another person at another address, change names or transfer credit: each in "
    "a tree of its own, or all in one tree, each in an account of its own. In one tree all transfers take "
    "from the master account's balance, so they can only go one after the other. A refused write did not "
    "happen. The share of a caller, of a tree and of an address is as in production. Twenty times a "
    "second it is counted how many connections wait for a lock in PostgreSQL; who waits for a turn in the "
    "server itself is not among them.",
    _storms,
)
