"""Measures how fast events of messages are taken in, and the COPY of the same rows alone."""

import asyncio
import datetime
import io
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from statistics import median

import asyncpg
import orjson

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.machine import CannotMeasure
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.servers import MANDANT, Running, running, wait_until_idle
from benchmarks.stage import Stage
from models.base.ids import Kind, new_id, new_ids, present_in_account
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_BATCH = 10_000
"""The most events that a request may have."""

_MESSAGES, _QUICK_MESSAGES = 200_000, 40_000
_CONNECTIONS = 3
_ROUNDS = 5
_WANTED = 20_000
_SECONDS = 120.0

_KINDS = ("DELIVERED",) * 6 + ("OPEN",) * 3 + ("CLICK",)
_BODY = (
    "INSERT INTO message_bodies (master_id, account_id, id, subject, text) VALUES ($1, $1, $2, 'Hi', 'Hi')"
)
_SENT = """
INSERT INTO messages (master_id, account_id, id, channel, stream, label, compared_label, is_test, recipient,
  recipient_canonical, recipient_digest, body_id, sender, sends, status, due_at, expires_at, claimed_at,
  attempts, settled_at)
SELECT $1, $1, id, 'EMAIL', 'MARKETING', 'spring', 'spring', false, address, address,
  sha256(convert_to(address, 'UTF8')), $2, 'shop@example.com', 1, 'SENT', now(), now(), now(), 1, now()
FROM unnest($3::uuid[]) WITH ORDINALITY AS made (id, n),
  LATERAL (SELECT format('person%s@shop%s.example.com', n, n % 97)) AS made_address (address)
"""
_REPORT = """mutation Report($input: MessageEventsReportInput!) {
  messageEventsReport(input: $input) {
    outcomes { index isNew error { code field message } } userErrors { code message }
  }
}"""


@dataclass(frozen=True)
class EventIntake:
    """Medians: events a second, and rows a second of the COPY."""

    events_per_second: float
    copied_per_second: float

    def ratios(self) -> list[Ratio]:
        share = self.events_per_second / self.copied_per_second
        return [
            Ratio(f"Event intake, events/s (at least {_WANTED:,})", f"{self.events_per_second:,.0f}"),
            Ratio("Event intake: of the bare COPY (or at least 0.5)", f"{share:.2f}"),
        ]

    def table(self) -> Table:
        head = [f"Events, {_BATCH:,} in a request", "Taken in, a second", "Bare COPY, rows a second"]
        return Table(head, [["", f"{self.events_per_second:,.0f}", f"{self.copied_per_second:,.0f}"]])

    def as_json(self) -> Mapping[str, object]:
        share = self.events_per_second / self.copied_per_second
        return {"of_bare_copy": round(share, 2), **rounded(asdict(self))}


async def _event_intake(stage: Stage) -> EventIntake:
    """In a database of its own on the same server. Raises CannotMeasure where something is refused."""
    owner, application = await own_database(stage.addresses, "event_intake")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        messages = await _give_messages(connection, tree, stage)
        batches = _batches(messages)
        with running(MANDANT, application, stage.folder) as server:
            wait_until_idle(server)
            return await _measure(connection, server, tree, batches)
    finally:
        await connection.close()


async def _give_messages(connection: asyncpg.Connection, tree: Tree, stage: Stage) -> list[str]:
    """The master account has sent them. Their global ids."""
    ids, body = new_ids(_QUICK_MESSAGES if stage.effort.quick else _MESSAGES), new_id()
    await connection.execute(_BODY, tree.master_id, body)
    await connection.execute(_SENT, tree.master_id, body, ids)
    await connection.execute("VACUUM (ANALYZE) messages")
    await connection.execute("CHECKPOINT")
    return [present_in_account(Kind.MARKETING_MESSAGE, tree.account_ids[0], id_) for id_ in ids]


def _batches(messages: Sequence[str]) -> list[list[dict[str, str]]]:
    """One event of each message, all within the last hour."""
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=59)
    step = datetime.timedelta(minutes=50) / len(messages)
    events = [_event(number, id_, begin + number * step) for number, id_ in enumerate(messages)]
    return [events[start : start + _BATCH] for start in range(0, len(events), _BATCH)]


def _event(number: int, message_id: str, at: datetime.datetime) -> dict[str, str]:
    kind = _KINDS[number % len(_KINDS)]
    event = {"key": f"event-{number}", "kind": kind, "messageId": message_id, "occurredAt": at.isoformat()}
    return event | (
        {"url": f"https://shop.example.com/spring?item={number % 1000}"} if kind == "CLICK" else {}
    )


async def _measure(
    connection: asyncpg.Connection,
    server: Running,
    tree: Tree,
    batches: Sequence[Sequence[Mapping[str, str]]],
) -> EventIntake:
    account = {"accountId": global_id(tree.account_ids[0]), "stream": "MARKETING"}
    bodies = [
        orjson.dumps({"query": _REPORT, "variables": {"input": {**account, "events": batch}}})
        for batch in batches
    ]
    events = sum(map(len, batches))
    taken, copied = [], []
    for _ in range(_ROUNDS):
        await connection.execute("TRUNCATE message_events, statistic_deltas")
        seconds = await asyncio.to_thread(_send, server, tree.api_key, bodies)
        taken.append(events / seconds)
        copied.append(events / await _copy(connection, events))
        print(f"Event intake: {taken[-1]:,.0f}/s, bare COPY {copied[-1]:,.0f}/s", flush=True)
    return EventIntake(median(taken), median(copied))


def _send(server: Running, token: str, bodies: Sequence[bytes]) -> float:
    """How long it takes to have them answered, by some connections."""
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        began = time.perf_counter()
        answers = list(threads.map(lambda body: _answer(server, token, body), bodies))
        seconds = time.perf_counter() - began
    for answer in answers:
        found = orjson.loads(answer)
        outcomes = (found.get("data") or {}).get("messageEventsReport", {}).get("outcomes")
        if not outcomes or not all(each["isNew"] for each in outcomes):
            raise CannotMeasure(f"A report was answered with {answer[:500].decode()}.")
    return seconds


def _answer(server: Running, token: str, body: bytes) -> bytes:
    connection = HTTPConnection(*server.address, timeout=_SECONDS)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    try:
        connection.request("POST", "/graphql", body, headers)
        return connection.getresponse().read()
    finally:
        connection.close()


async def _copy(connection: asyncpg.Connection, events: int) -> float:
    """How long PostgreSQL takes to COPY the rows that were written into the empty table, in binary."""
    rows = io.BytesIO()
    await connection.copy_from_query("SELECT * FROM message_events ORDER BY id", output=rows, format="binary")
    await connection.execute("TRUNCATE message_events")
    rows.seek(0)
    began = time.perf_counter()
    done = await connection.copy_to_table("message_events", source=rows, format="binary")
    seconds = time.perf_counter() - began
    if done != f"COPY {events}":
        raise CannotMeasure(f"Instead of {events:,} events there was {done}.")
    return seconds


PART = Part(
    "event_intake",
    "Intake of events",
    f"A partner reports {_BATCH:,} events in each request, three requests at once: deliveries, opens and "
    "clicks, each of another message and with a key. The server has one core, PostgreSQL and the client the "
    "other. The bare COPY is PostgreSQL's, in binary, of the same rows of events into the same empty table, "
    "as the table's owner. Medians of five, in turn.",
    _event_intake,
)
