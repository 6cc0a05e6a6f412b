"""Requests that send one message each: in many trees, and in one account by many callers and by one."""

import asyncio
import enum
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
from benchmarks.machine import LOAD_CORE, pin
from benchmarks.operations import CONNECTIONS
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.parts.sends import give_plan
from benchmarks.reporting.texts import WRITING_HEAD, rounded, writing_row
from benchmarks.servers import TRUSTING, running
from benchmarks.stage import Stage
from benchmarks.writers import Writer, Writing
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_SENDS = 10_000_000
_SEND = """mutation Send($input: MessageSendInput!) {
  messageSend(input: $input) { outcomes { message { id } } userErrors { code } }
}"""

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
    """Medians over the rounds, by who sends."""

    found: Mapping[Callers, Writing]

    def ratios(self) -> list[Ratio]:
        what = "messageSend of one message by one caller 16 times, against a transaction for each message"
        return [Ratio(what, f"{self._gained():.2f}")]

    def table(self) -> Table:
        return Table(WRITING_HEAD, [writing_row(who.value, writing) for who, writing in self.found.items()])

    def as_json(self) -> Mapping[str, object]:
        figures = {who.name.lower(): rounded(asdict(writing)) for who, writing in self.found.items()}
        return {"together_vs_apart": round(self._gained(), 2), **figures}

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
    finally:
        await connection.close()
    found: dict[Callers, list[Writing]] = {who: [] for who in Callers}
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
        running(TRUSTING, application, stage.folder) as server,
    ):
        for _ in range(stage.effort.rounds):
            for who, rounds in found.items():
                load = _Load(server.address, senders[who], stage.effort)
                rounds.append(await asyncio.get_running_loop().run_in_executor(process, _run, load))
                print(f"Messages, {who.value}: {rounds[-1]}", flush=True)
    return MessageRequests({who: writers.together(rounds) for who, rounds in found.items()})


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
    """A message to a new address, from the tree's master account."""

    def request(done: bool) -> bytes:
        key = str(uuid.uuid4())
        message = {
            "idempotencyKey": key,
            "to": f"person.{key}@example.com",
            "from": f"shop@{sender.tree.master_id}.example.com",
            "subject": "Your order",
            "text": "Thank you! It is on its way.",
        }
        values = {
            "accountId": global_id(sender.tree.account_ids[0]),
            "stream": "MARKETING",
            "messages": [message],
        }
        content = orjson.dumps({"query": _SEND, "variables": {"input": values}})
        return http_request(sender.token, content, {"x-forwarded-for": sender.place})

    return request


PART = Part(
    "message_requests",
    "Requests that send one message",
    "16 requests at once, each with one message to a new address: by callers of 16 trees, by 16 people in "
    "one account, and by one API key of that account. What callers in one account send counts against one "
    "subscription, so each waits for the others' transactions. Requests of one caller share transactions.",
    _message_requests,
)
