"""Requests that send one message each: in many trees, and in one account by many callers and by one."""

import asyncio
import enum
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from statistics import median

import asyncpg
import uvloop

from authz.policy.builtin_roles import BuiltinRole
from benchmarks import pgbench, servers, writers
from benchmarks.data import Tree, open_trees
from benchmarks.database import own_database
from benchmarks.effort import Effort
from benchmarks.load import http_request
from benchmarks.machine import LOAD_CORE, pin
from benchmarks.operations import CONNECTIONS, Operation, body, send
from benchmarks.parts.contest import PGBENCH
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.parts.sends import give_plan
from benchmarks.recording import record
from benchmarks.reporting.texts import WRITING_HEAD, rounded, writing_row
from benchmarks.scripts import script_of
from benchmarks.servers import TRUSTING, running
from benchmarks.stage import Stage
from benchmarks.writers import Writer, Writing
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_SENDS = 10_000_000
_OF_A_CLIENT, _QUICK_OF_A_CLIENT = 300, 60
"""Transactions of each of pgbench's clients; they cannot be repeated."""

_FORGET = (
    "TRUNCATE active_contacts, contact_claims, credit_counts, send_reservations, message_keys, messages, "
    "message_bodies, statistic_deltas"
)
"""What was recorded was never sent; the cycles stay."""

# The master account of each tree can send from a domain of its own.
_DOMAINS = """
WITH claims AS (
  INSERT INTO domain_claims (id, name, master_id)
  SELECT uuidv7(), master_id || '.example.com', master_id FROM unnest($1::uuid[]) AS master_id
  RETURNING id, name, master_id
)
INSERT INTO domains (master_id, account_id, id, kind, name, ascii_name, status, token, claim_id, verified_at,
  check_due_at)
SELECT master_id, master_id, uuidv7(), 'SENDING', name, name, 'VERIFIED', 'token', id, now(),
  now() + interval '1 day'
FROM claims
"""


class Callers(enum.Enum):
    """Who sends at once."""

    MANY_TREES = "16 callers in 16 trees"
    APART = "16 callers in one account"
    """Each has a transaction for each message."""
    TOGETHER = "one caller 16 times"


@dataclass(frozen=True)
class MessageRequests:
    """Medians over the rounds. `limit`: of pgbench with the statements of many trees, a second;
    `statements`: that a message takes."""

    found: Mapping[Callers, Writing]
    limit: float
    statements: int

    def ratios(self) -> list[Ratio]:
        title = Operation.SEND.title
        return [
            Ratio(f"{title}, against pgbench with its very statements", f"{self._against_limit():.2f}"),
            Ratio(f"{title}, statements sent to PostgreSQL", str(self.statements)),
            Ratio(
                f"{title} by one caller 16 times, against a transaction for each message",
                f"{self._gained():.2f}",
            ),
        ]

    def table(self) -> Table:
        rows = [writing_row(who.value, writing) for who, writing in self.found.items()]
        return Table(WRITING_HEAD, [*rows, [PGBENCH, f"{self.limit:,.0f}", "", "", ""]])

    def as_json(self) -> Mapping[str, object]:
        figures = {who.name.lower(): rounded(asdict(writing)) for who, writing in self.found.items()}
        ratios = {"vs_pgbench": self._against_limit(), "together_vs_apart": self._gained()}
        return {**rounded(ratios), "statements": self.statements, "pgbench": round(self.limit), **figures}

    def _against_limit(self) -> float:
        return self.found[Callers.MANY_TREES].per_second / self.limit

    def _gained(self) -> float:
        """What one caller's requests gain by sharing transactions."""
        return self.found[Callers.TOGETHER].per_second / self.found[Callers.APART].per_second


@dataclass(frozen=True)
class _Sender:
    tree: Tree
    token: str
    place: str
    """Its network address."""


@dataclass(frozen=True)
class _Load:
    address: tuple[str, int]
    senders: Sequence[_Sender]
    effort: Effort


async def _message_requests(stage: Stage) -> MessageRequests:
    """In a database of its own on the same server. Raises CannotMeasure where the server hangs up."""
    owner, application = await own_database(stage.addresses, "message_requests")
    await migrate(owner)
    await load_trees(owner, CONNECTIONS + 1)
    connection = await asyncpg.connect(owner)
    try:
        senders = await _senders(connection)
        script = await _script(stage, connection, application, senders[Callers.MANY_TREES])
        with (
            ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
            running(TRUSTING, application, stage.folder) as server,
        ):
            rounds = [
                await _round(stage, process, server.address, senders, connection, script)
                for _ in range(stage.effort.rounds)
            ]
    finally:
        await connection.close()
    found = {who: writers.together([one.found[who] for one in rounds]) for who in Callers}
    return MessageRequests(found, median(one.limit for one in rounds), script.prepared.statements)


@dataclass(frozen=True)
class _Script:
    prepared: pgbench.Prepared
    application: str
    transactions: int
    """Of each client: they cannot be repeated."""


async def _script(
    stage: Stage, connection: asyncpg.Connection, application: str, senders: Sequence[_Sender]
) -> _Script:
    """Each client of pgbench keeps to a tree."""
    times = _QUICK_OF_A_CLIENT if stage.effort.quick else _OF_A_CLIENT
    clients = senders[: servers.POOL_SIZE]
    asks = [send(sender.tree, sender.token) for _ in range(times) for sender in clients]
    script = script_of(await record(application, Operation.SEND, asks))
    name = Operation.SEND.value
    prepared = await pgbench.prepare(connection, name, script, stage.folder, each_once=True)
    return _Script(prepared, application, times)


@dataclass(frozen=True)
class _Round:
    limit: float
    found: Mapping[Callers, Writing]


async def _round(
    stage: Stage,
    process: ProcessPoolExecutor,
    address: tuple[str, int],
    senders: Mapping[Callers, Sequence[_Sender]],
    connection: asyncpg.Connection,
    script: _Script,
) -> _Round:
    await connection.execute(_FORGET)
    ran = await asyncio.to_thread(
        pgbench.run, script.prepared, script.application, 0, transactions=script.transactions
    )
    print(f"Messages, {PGBENCH}: {ran.per_second:,.0f} a second", flush=True)
    found = {}
    for who in Callers:
        load = _Load(address, senders[who], stage.effort)
        found[who] = await asyncio.get_running_loop().run_in_executor(process, _run, load)
        print(f"Messages, {who.value}: {found[who]}", flush=True)
    return _Round(ran.per_second, found)


async def _senders(connection: asyncpg.Connection) -> Mapping[Callers, Sequence[_Sender]]:
    one, *many = trees = await open_trees(connection, CONNECTIONS + 1)
    for tree in trees:
        await give_plan(connection, tree, _SENDS)
    await connection.execute(_DOMAINS, [tree.master_id for tree in trees])
    people = await writers.open_people(connection, one, BuiltinRole.MARKETER, CONNECTIONS)
    places = [f"10.0.2.{number}" for number in range(CONNECTIONS)]
    return {
        Callers.MANY_TREES: [
            _Sender(tree, tree.api_key, place) for tree, place in zip(many, places, strict=True)
        ],
        Callers.APART: [_Sender(one, token, place) for token, place in zip(people, places, strict=True)],
        Callers.TOGETHER: [_Sender(one, one.api_key, places[0])] * CONNECTIONS,
    }


def _run(load: _Load) -> Writing:
    pin(LOAD_CORE)
    return uvloop.run(_write(load))


async def _write(load: _Load) -> Writing:
    made = [Writer(load.address, _requests(sender), b'"message":{"id"') for sender in load.senders]
    await writers.write(made, load.effort.warm_seconds, load.effort.seconds)
    return writers.measured(made, load.effort.seconds)


def _requests(sender: _Sender) -> Callable[[bool], bytes]:
    headers = {"x-forwarded-for": sender.place}

    def request(done: bool) -> bytes:
        content = body(Operation.SEND, send(sender.tree, sender.token))
        return http_request(sender.token, content, headers)

    return request


PART = Part(
    "message_requests",
    "Requests that send one message",
    "16 requests at once, each with one message to a new address: by callers of 16 trees, by 16 people in "
    "one account, and by one API key of that account. What callers in one account send counts against one "
    "subscription, so each waits for the others' transactions. Requests of one caller share transactions. "
    "pgbench sends the statements of many trees, each of them once, as they cannot be repeated.",
    _message_requests,
)
