"""Measures a reservation for a million recipients, the INSERT of the same rows alone, and the server's
memory."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Uuid, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.machine import CannotMeasure
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.servers import MANDANT, Running, running
from benchmarks.stage import Stage
from models.base.ids import AccountId, Kind, RecipientListId, new_id, parse
from models.sending.tables import active_contacts
from resolvers.sending.lists.recipient_rows import uploaded
from server.database.connections import connect_as_owner
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_RECIPIENTS = 1_000_000
_QUICK_RECIPIENTS = 100_000

_FEW = 10_000
_ROUNDS = 5
_LINES_OF_A_PIECE = 5_000
_SECONDS = 300

_RESERVE = """mutation Reserve($input: SendReserveInput!) {
  sendReserve(input: $input) { reservation { newContacts } userErrors { code } }
}"""
_PREVIEW = """query Preview($accountId: ID!, $recipientListId: ID!) {
  sendPreview(accountId: $accountId, stream: MARKETING, recipientListId: $recipientListId) { newContacts }
}"""

_PLAN = """
WITH plan AS (
  INSERT INTO plans
  SELECT gen_random_uuid(), 'BENCHMARK ' || id, 'Benchmark', currency, 0, $2, $2, NULL, true, 1, 1, NULL
  FROM accounts WHERE id = $1 RETURNING id
), subscription AS (
  INSERT INTO subscriptions (master_id, account_id, time_zone, anchored_at) VALUES ($1, $1, 'UTC', now())
)
INSERT INTO plan_choices (master_id, account_id, id, plan_id, holds_from)
SELECT $1, $1, gen_random_uuid(), id, now() FROM plan
"""
FORGET = (
    "TRUNCATE active_contacts, contact_claims, credit_counts, send_counts, send_reservations, send_labels, "
    "send_cycles"
)
"""Nothing was ever sent."""


@dataclass(frozen=True)
class LargeSends:
    """Medians in seconds. Memory in MB: the most that the server's process used."""

    recipients: int
    upload_seconds: float
    preview_seconds: float
    reservation_seconds: float
    bare_seconds: float
    """PostgreSQL alone: INSERT ... SELECT of the same rows from the same list."""
    few_memory: float
    """After a list of 10,000 was uploaded and reserved."""
    memory: float

    @property
    def against_bare(self) -> float:
        """The time of the reservation as a multiple of the INSERT's."""
        return self.reservation_seconds / self.bare_seconds

    def ratios(self) -> list[Ratio]:
        what = f"Reservation of {self.recipients:,}: times the bare INSERT ... SELECT"
        return [Ratio(what, f"{self.against_bare:.2f}")]

    def table(self) -> Table:
        head = ["Recipients", "Reservation s", "Bare INSERT s", "Preview s", "Upload s", "Server, at most"]
        seconds = (self.reservation_seconds, self.bare_seconds, self.preview_seconds, self.upload_seconds)
        memory = f"{self.memory:.0f} MB; with 10,000: {self.few_memory:.0f} MB"
        return Table(head, [[f"{self.recipients:,}", *(f"{one:.2f}" for one in seconds), memory]])

    def as_json(self) -> Mapping[str, object]:
        return {"vs_bare_insert": round(self.against_bare, 2), **rounded(asdict(self))}


async def _large_sends(stage: Stage) -> LargeSends:
    """In a database of its own on the same server. Raises CannotMeasure where something is refused."""
    recipients = _QUICK_RECIPIENTS if stage.effort.quick else _RECIPIENTS
    owner, application = await own_database(stage.addresses, "sends")
    await migrate(owner)
    await load_trees(owner, 1)
    connection, database = await asyncpg.connect(owner), connect_as_owner(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        await give_plan(connection, tree, recipients)
        with running(MANDANT, application, stage.folder) as server:
            return await _measure(connection, database, Sender(server, tree), recipients)
    finally:
        await database.dispose()
        await connection.close()


async def give_plan(connection: asyncpg.Connection, tree: Tree, recipients: int) -> None:
    """Let the tree send to so many contacts in a cycle, once to each."""
    await connection.execute(_PLAN, tree.master_id, recipients)


async def _measure(
    connection: asyncpg.Connection, database: AsyncEngine, sender: "Sender", recipients: int
) -> LargeSends:
    few = sender.upload(_FEW)
    sender.reserve(few, _FEW)
    few_memory = sender.memory()
    uploads, previews, reservations, bare = [], [], [], []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        large = sender.upload(recipients)
        uploads.append(time.perf_counter() - began)
        await connection.execute(FORGET)
        bare.append(await _bare(database, sender.tree, large))
        await connection.execute(FORGET)
        began = time.perf_counter()
        sender.reserve(large, recipients)
        reservations.append(time.perf_counter() - began)
        began = time.perf_counter()
        sender.preview(large)
        previews.append(time.perf_counter() - began)
        print(f"Reservation of {recipients:,}: {reservations[-1]:.2f} s, bare {bare[-1]:.2f} s", flush=True)
    figures = (median(uploads), median(previews), median(reservations), median(bare))
    return LargeSends(recipients, *figures, few_memory, sender.memory())


async def _bare(database: AsyncEngine, tree: Tree, list_id: RecipientListId) -> float:
    rows = uploaded(list_id).subquery()
    ids = [literal(id_, Uuid) for id_ in (tree.master_id, new_id(), new_id())]
    columns = ["master_id", "cycle_id", "reservation_id", "digest"]
    statement = insert(active_contacts).from_select(columns, select(*ids, rows.c.digest))
    began = time.perf_counter()
    async with database.begin() as connection:
        await connection.execute(statement)
    return time.perf_counter() - began


class Sender:
    """The tree's owner, as a client of the server. `account_id`: of the account that sends; None: the
    master account."""

    def __init__(self, server: Running, tree: Tree, account_id: AccountId | None = None) -> None:
        self.tree = tree
        self._server = server
        self._account_id = global_id(account_id or tree.account_ids[0])
        self._keys = iter(range(1_000_000))

    def upload(self, count: int) -> RecipientListId:
        """Upload so many addresses."""
        path = f"/recipients?accountId={self._account_id}"
        answer = self._ask(path, "text/plain", _lines(count))
        if answer.get("recipients") != count:
            raise CannotMeasure(f"The upload was answered with {answer}.")
        found = parse(Kind.RECIPIENT_LIST, answer["id"])
        assert found is not None
        return RecipientListId(found)

    def reserve(self, list_id: RecipientListId, count: int) -> None:
        """Reserve sends to a list whose contacts are not active yet."""
        values = {"accountId": self._account_id, "stream": "MARKETING", "recipientListId": f"rcpl_{list_id}"}
        made = self._graphql(_RESERVE, {"input": {**values, "idempotencyKey": str(next(self._keys))}})
        if made["sendReserve"]["reservation"] != {"newContacts": count}:
            raise CannotMeasure(f"The reservation was answered with {made}.")

    def preview(self, list_id: RecipientListId) -> None:
        """Preview what a list would reserve, now that all its contacts are active."""
        told = self._graphql(_PREVIEW, {"accountId": self._account_id, "recipientListId": f"rcpl_{list_id}"})
        if told["sendPreview"] != {"newContacts": 0}:
            raise CannotMeasure(f"The preview was answered with {told}.")

    def memory(self) -> float:
        """The most memory that the process has used so far, in MB."""
        status = Path(f"/proc/{self._server.pid}/status").read_text(encoding="utf-8")
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024

    def _graphql(self, document: str, variables: dict[str, Any]) -> Any:
        body = orjson.dumps({"query": document, "variables": variables})
        answer = self._ask("/graphql", "application/json", iter([body]))
        if "errors" in answer:
            raise CannotMeasure(f"Mandant answers {answer['errors']}.")
        return answer["data"]

    def _ask(self, path: str, content_type: str, body: Iterator[bytes]) -> Any:
        with _connected(self._server) as connection:
            headers = {"content-type": content_type, "authorization": f"Bearer {self.tree.owner_token}"}
            connection.request("POST", path, body, headers, encode_chunked=True)
            return orjson.loads(connection.getresponse().read())


@contextmanager
def _connected(server: Running) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(*server.address, timeout=_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def _lines(count: int) -> Iterator[bytes]:
    for start in range(0, count, _LINES_OF_A_PIECE):
        numbers = range(start, min(start + _LINES_OF_A_PIECE, count))
        yield "".join(f"person{number}@shop{number % 97}.example.com\n" for number in numbers).encode()


PART = Part(
    "large_sends",
    "Sends to a large list",
    "A list is uploaded as addresses and booked by one request, all of them new contacts; the bare INSERT "
    "is PostgreSQL's `INSERT ... SELECT` of the same rows from the same list into the same table. Medians "
    "of five, in turn, at one connection. Memory is the most that the server's process ever held.",
    _large_sends,
)
