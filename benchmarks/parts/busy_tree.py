"""Measures writes in other trees while many clients write in one tree, and the same writes without them."""

import asyncio
import multiprocessing
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

import asyncpg
import orjson
import uvloop

from authz.policy.builtin_roles import BuiltinRole
from benchmarks import writers
from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.effort import Effort
from benchmarks.load import http_request
from benchmarks.machine import LOAD_CORE, CannotMeasure, pin
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.parts.sends import give_plan
from benchmarks.quiet import TOO_BUSY, watched
from benchmarks.reporting.texts import WRITING_HEAD, rounded, writing_row
from benchmarks.servers import TRUSTING, running
from benchmarks.stage import Stage
from benchmarks.writers import Writer, Writing
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_WRITERS = 24
"""In the busy tree, each with one request under way."""

_OTHERS = 4
"""Trees beside it, with one such writer each."""

_RECIPIENTS = 10_000_000
_RESERVE = """mutation Reserve($input: SendReserveInput!) {
  sendReserve(input: $input) { reservation { id } userErrors { code } }
}"""


@dataclass(frozen=True)
class BusyTree:
    """Medians over the rounds in which the machine was quiet; None: there was no such round."""

    alone: Writing | None
    beside: Writing | None
    busy: Writing | None
    quiet_rounds: int

    def ratios(self) -> list[Ratio]:
        what = f"p99 of others' writes beside {_WRITERS} writers in one tree, against without them"
        slower = self._slower()
        return [Ratio(what, TOO_BUSY if slower is None else f"{slower:.2f}")]

    def table(self) -> Table:
        rows = [
            writing_row(f"{_OTHERS} others alone", self.alone),
            writing_row(f"{_OTHERS} others beside the {_WRITERS}", self.beside),
            writing_row(f"The {_WRITERS} in one tree", self.busy),
        ]
        return Table(WRITING_HEAD, rows)

    def as_json(self) -> Mapping[str, object]:
        slower = self._slower()
        return {"p99_vs_alone": slower and round(slower, 2), **rounded(asdict(self))}

    def _slower(self) -> float | None:
        """The others' p99 for each millisecond of it without the busy tree."""
        return self.beside.p99_ms / self.alone.p99_ms if self.beside and self.alone else None


@dataclass(frozen=True)
class _Sender:
    tree: Tree
    token: str


@dataclass(frozen=True)
class _Load:
    address: tuple[str, int]
    crowd: Sequence[_Sender]
    others: Sequence[_Sender]
    effort: Effort


async def _busy_tree(stage: Stage) -> BusyTree:
    """In a database of its own on the same server. Raises CannotMeasure where the server hangs up."""
    owner, application = await own_database(stage.addresses, "busy_tree")
    await migrate(owner)
    await load_trees(owner, _OTHERS + 1)
    connection = await asyncpg.connect(owner)
    try:
        trees = await open_trees(connection, _OTHERS + 1)
        for tree in trees:
            await give_plan(connection, tree, _RECIPIENTS)
        busy, *quiet = trees
        people = await writers.open_people(connection, busy, BuiltinRole.MARKETER, _WRITERS)
    finally:
        await connection.close()
    crowd = [_Sender(busy, token) for token in people]
    others = [_Sender(tree, tree.owner_token) for tree in quiet]
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as process,
        running(TRUSTING, application, stage.folder) as server,
    ):
        rounds = [
            await _round(stage, process, server.address, crowd, others) for _ in range(stage.effort.rounds)
        ]
    return _together([one for one in rounds if one is not None])


_Round = tuple[Writing, Writing, Writing]
"""The others alone, the others beside the crowd, the crowd."""


async def _round(
    stage: Stage,
    process: ProcessPoolExecutor,
    address: tuple[str, int],
    crowd: Sequence[_Sender],
    others: Sequence[_Sender],
) -> _Round | None:
    """None: others took the processors, whatever came of it. Raises CannotMeasure if it was not them."""
    loop, refusal, found = asyncio.get_running_loop(), None, []
    with watched(await stage.roots()) as outside:
        try:
            for these in ([], crowd):
                load = _Load(address, these, others, stage.effort)
                found += await loop.run_in_executor(process, _run, load)
        except CannotMeasure as reason:
            refusal = reason
    if not outside.are_quiet:
        print(f"Busy tree: {TOO_BUSY}: {found} {refusal or ''}", flush=True)
        return None
    if refusal is not None:
        raise refusal
    print(f"Busy tree: {found}", flush=True)
    alone, beside, busy = found
    return alone, beside, busy


def _together(rounds: Sequence[_Round]) -> BusyTree:
    if not rounds:
        return BusyTree(None, None, None, 0)
    alone, beside, busy = (writers.together(found) for found in zip(*rounds, strict=True))
    return BusyTree(alone, beside, busy, len(rounds))


def _run(load: _Load) -> list[Writing]:
    """Of the others, and of the crowd if there is one."""
    pin(LOAD_CORE)
    return uvloop.run(_write(load))


async def _write(load: _Load) -> list[Writing]:
    made = [
        Writer(load.address, _requests(sender, place), b'"reservation":{"id"')
        for place, sender in enumerate((*load.others, *load.crowd))
    ]
    seconds = load.effort.seconds
    await writers.write(made, load.effort.warm_seconds, seconds)
    kinds = made[: len(load.others)], made[len(load.others) :]
    return [writers.measured(kind, seconds) for kind in kinds if kind]


def _requests(sender: _Sender, place: int) -> Callable[[bool], bytes]:
    """A send to one new address from the tree's master account."""

    def request(done: bool) -> bytes:
        key = str(uuid.uuid4())
        values = {
            "accountId": global_id(sender.tree.account_ids[0]),
            "stream": "MARKETING",
            "recipients": [f"person.{key}@example.com"],
            "idempotencyKey": key,
        }
        content = orjson.dumps({"query": _RESERVE, "variables": {"input": values}})
        return http_request(sender.token, content, {"x-forwarded-for": f"10.0.0.{place}"})

    return request


PART = Part(
    "busy_tree",
    "A busy tree",
    f"{_OTHERS} clients, each of which books one send after the other in a tree of its own, alone and while "
    f"{_WRITERS} others do so in one account of another tree. A refused send was not booked. Rounds in which "
    "others took the processors do not count: with few clients, the slowest hundredth is theirs.",
    _busy_tree,
)
