"""Measures what ten million block entries cost: a reservation for a million recipients with them and without
them, and what `deliverability` takes in PostgreSQL."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from statistics import median

import asyncpg
from graphql import parse
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.in_process import TimedReads, credentials_of, executor
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Ask
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.parts.sends import FORGET, Sender, give_plan
from benchmarks.reporting.texts import rounded
from benchmarks.servers import MANDANT, running
from benchmarks.stage import Stage
from models.base.ids import AccountId, RecipientListId, new_id
from server.database.connections import connect_as_application
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees
from server.http.request import GraphQLRequest

_RECIPIENTS, _QUICK_RECIPIENTS = 1_000_000, 100_000
_ENTRIES, _QUICK_ENTRIES = 10_000_000, 500_000
_ABOVE = 5
"""Accounts above the one that sends, which share the entries."""
_EACH = 100
"""Every so many of the recipients are blocked."""
_ROUNDS = 7
_ADDRESSES = 1_000
_DELIVERABILITIES = 30

_DELIVERABILITY = """query ($id: ID!, $addresses: [String!]!) {
  deliverability(accountId: $id, addresses: $addresses) { marketing exclusions { cause } }
}"""
_ACCOUNT = """
INSERT INTO accounts (master_id, id, parent_id, name, sort_key, search_key)
VALUES ($1, $2, $3, 'Below', 'below', 'below')
"""
_CLOSURE = (
    "INSERT INTO account_closure (master_id, ancestor_id, descendant_id, depth) VALUES ($1, $2, $3, $4)"
)
_BLOCK = """
INSERT INTO block_entries (master_id, account_id, id, digest, reason, user_id)
SELECT $1, ($2::uuid[])[1 + n % cardinality($2::uuid[])], uuidv7(), digest, 'IMPORT', $1 FROM (
  SELECT n, sha256(n::text::bytea) AS digest FROM generate_series(1, $3::bigint) AS n
  UNION ALL
  SELECT place, digest FROM recipient_list_parts, unnest(digests) WITH ORDINALITY AS given(digest, place)
  WHERE master_id = $1 AND place % $4 = 0
) AS blocked
"""


@dataclass(frozen=True)
class Blocks:
    """Medians. `deliverability_ms`: all statements of it in PostgreSQL."""

    recipients: int
    entries: int
    without_seconds: float
    with_seconds: float
    deliverability_ms: float

    def ratios(self) -> list[Ratio]:
        what = f"Reservation of {self.recipients:,} with {self.entries:,} block entries, times that without"
        return [
            Ratio(what, f"{self.with_seconds / self.without_seconds:.2f}"),
            Ratio(f"Deliverability of {_ADDRESSES:,} in PostgreSQL", f"{self.deliverability_ms:.1f} ms"),
        ]

    def table(self) -> Table:
        head = ["Recipients", "Block entries", "Without s", "With s", f"Deliverability of {_ADDRESSES:,} ms"]
        figures = (self.without_seconds, self.with_seconds, self.deliverability_ms)
        return Table(
            head, [[f"{self.recipients:,}", f"{self.entries:,}", *(f"{one:.2f}" for one in figures)]]
        )

    def as_json(self) -> Mapping[str, object]:
        return {"ratio": round(self.with_seconds / self.without_seconds, 2), **rounded(asdict(self))}


@dataclass(frozen=True)
class _Side:
    """A tree in a database of its own, whose lowest account sends. `blocked`: how many recipients are."""

    connection: asyncpg.Connection
    application: str
    tree: Tree
    path: Sequence[AccountId]
    sender: Sender
    list_id: RecipientListId
    blocked: int

    async def reserve(self, recipients: int) -> float:
        """The seconds of a reservation for the list."""
        await self.connection.execute(FORGET)
        began = time.perf_counter()
        self.sender.reserve(self.list_id, recipients - self.blocked)
        return time.perf_counter() - began


async def _blocks(stage: Stage) -> Blocks:
    quick = stage.effort.quick
    recipients = _QUICK_RECIPIENTS if quick else _RECIPIENTS
    entries = _QUICK_ENTRIES if quick else _ENTRIES
    without: list[float] = []
    blocked: list[float] = []
    async with _side(stage, "free", recipients, 0) as free, _side(stage, "full", recipients, entries) as full:
        for number in range(_ROUNDS):
            for side, taken in ((free, without), (full, blocked))[:: -1 if number % 2 else 1]:
                taken.append(await side.reserve(recipients))
            print(f"Reservation: without {without[-1]:.1f} s, with {blocked[-1]:.1f} s", flush=True)
        taken_ms = await _deliverability_ms(full)
    return Blocks(recipients, entries, median(without), median(blocked), taken_ms)


@asynccontextmanager
async def _side(stage: Stage, name: str, recipients: int, entries: int) -> AsyncIterator[_Side]:
    """With so many entries, and every hundredth recipient blocked, or none."""
    owner, application = await own_database(stage.addresses, f"blocks_{name}")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    folder = stage.folder / name
    folder.mkdir()
    try:
        (tree,) = await open_trees(connection, 1)
        await give_plan(connection, tree, recipients)
        path = await _chain(connection, tree)
        with running(MANDANT, application, folder) as server:
            sender = Sender(server, tree, path[-1])
            list_id = sender.upload(recipients)
            if entries:
                await connection.execute(_BLOCK, tree.master_id, path[:-1], entries, _EACH)
            await connection.execute("VACUUM (ANALYZE) block_entries, recipient_list_parts")
            await connection.execute("CHECKPOINT")
            blocked = recipients // _EACH if entries else 0
            yield _Side(connection, application, tree, path, sender, list_id, blocked)
    finally:
        await connection.close()


async def _chain(connection: asyncpg.Connection, tree: Tree) -> Sequence[AccountId]:
    """The master account, and one below the other."""
    path = [tree.account_ids[0], *(AccountId(new_id()) for _ in range(_ABOVE))]
    for depth, account_id in enumerate(path[1:], 1):
        await connection.execute(_ACCOUNT, tree.master_id, account_id, path[depth - 1])
        for place, above in enumerate(path[: depth + 1]):
            await connection.execute(_CLOSURE, tree.master_id, above, account_id, depth - place)
    return path


async def _deliverability_ms(side: _Side) -> float:
    """The median of what its statements take together, at one connection."""
    database, reads = connect_as_application(side.application, 1), TimedReads(side.application)
    mandant, document = executor(database, reads), parse(_DELIVERABILITY)
    times = _watched(database)
    taken: list[float] = []
    try:
        for number in range(_DELIVERABILITIES):
            first = number * _ADDRESSES
            addresses = [f"person{n}@shop{n % 97}.example.com" for n in range(first, first + _ADDRESSES)]
            variables: dict[str, object] = {"id": global_id(side.path[-1]), "addresses": addresses}
            ask = Ask(side.tree.owner_token, variables)
            request = GraphQLRequest(_DELIVERABILITY, None, variables)
            times.clear()
            found = await mandant.reference(request, document, credentials_of(ask), "")
            taken.append(sum(times))
            if isinstance(found, bytes) or found.errors:
                raise CannotMeasure(f"Mandant answers {found!r}.")
    finally:
        await reads.close()
        await database.dispose()
    return median(taken) * 1000


def _watched(database: AsyncEngine) -> list[float]:
    """How long each of its statements takes, from now on, in seconds."""
    taken: list[float] = []
    began = 0.0

    @event.listens_for(database.sync_engine, "before_cursor_execute")
    def begin(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    @event.listens_for(database.sync_engine, "after_cursor_execute")
    def end(*_: object) -> None:
        taken.append(time.perf_counter() - began)

    return taken


PART = Part(
    "blocks",
    "Block lists",
    "A reservation for a list, by an account below five others, to which ten million block entries belong, "
    "and the same in a database without entries; every hundredth recipient is blocked. Medians of seven, in "
    "turn, at one connection. Of `deliverability` the time of all statements together, the median of thirty "
    "requests with other addresses each.",
    _blocks,
)
