"""Measures a campaign to a million recipients, against COPY of its messages and handing mail over alone."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.machine import SERVER_CORE, CannotMeasure, pin
from benchmarks.outbox_worker import DOMAIN, PARTS
from benchmarks.parts.contacts_data import RARE, give_contacts
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.parts.sends import give_plan
from benchmarks.reporting.texts import rounded
from benchmarks.servers import SEALING, Running, python, running
from benchmarks.stage import Stage
from models.base.ids import new_id
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_RECIPIENTS = 1_000_000
_QUICK_RECIPIENTS = 10_000
_ALONE = 100_000
"""So many mails are handed over alone at the most: each takes as long as the one before."""
_SECONDS = 60
_LOOK_SECONDS = 0.2
_STALLED_SECONDS = 120

_VERIFIED = """
WITH claim AS (INSERT INTO domain_claims (id, name, master_id) VALUES ($1, $2, $3))
UPDATE domains
SET status = 'VERIFIED', claim_id = $1, verified_at = now(), check_due_at = now() + interval '9 days'
WHERE master_id = $3
"""
_SETTLED = "SELECT count(*) FROM messages WHERE status = 'SENT'"
_RECIPIENTS_OF_LAST = "SELECT recipients FROM campaigns ORDER BY id DESC LIMIT 1"
_LEFT = """
SELECT reached < recipients OR EXISTS (
  SELECT FROM messages AS message WHERE message.master_id = campaign.master_id
    AND message.account_id = campaign.account_id AND message.status IN ('WAITING', 'CLAIMED')
) FROM campaigns AS campaign ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True)
class Campaign:
    """Seconds, and the most memory that the worker held, in MB."""

    recipients: int
    campaign_seconds: float
    copy_seconds: float
    """Of the messages' rows into the empty table, by PostgreSQL."""
    made_seconds: float
    """Mails rendered, written, signed and handed over, without a database."""
    ready_seconds: float
    """Ready mails handed over."""
    few_memory: float
    """After a campaign to some 240."""
    memory: float

    def ratios(self) -> list[Ratio]:
        what = f"Campaign to {self.recipients:,} through the outbox transport, against COPY and"
        return [
            Ratio(f"{what} handing ready mail over alone", f"{self._against(self.ready_seconds):.2f}"),
            Ratio(f"{what} making, signing and handing it over", f"{self._against(self.made_seconds):.2f}"),
        ]

    def table(self) -> Table:
        head = [
            "Recipients",
            "Campaign s",
            "COPY s",
            "Make, sign and hand over s",
            "Hand over s",
            "Worker, at most",
        ]
        seconds = (self.campaign_seconds, self.copy_seconds, self.made_seconds, self.ready_seconds)
        memory = f"{self.memory:.0f} MB; with some {RARE}: {self.few_memory:.0f} MB"
        return Table(head, [[f"{self.recipients:,}", *(f"{each:.2f}" for each in seconds), memory]])

    def as_json(self) -> Mapping[str, object]:
        against = {
            "vs_copy_and_hand_over": self._against(self.ready_seconds),
            "vs_copy_make_and_hand_over": self._against(self.made_seconds),
        }
        return rounded({**against, **asdict(self)})

    def _against(self, alone: float) -> float:
        return (self.copy_seconds + alone) / self.campaign_seconds


async def _campaign(stage: Stage) -> Campaign:
    """In a database of its own on the same server. Raises CannotMeasure where something is refused."""
    recipients = _QUICK_RECIPIENTS if stage.effort.quick else _RECIPIENTS
    owner, application = await own_database(stage.addresses, "campaign")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        await give_plan(connection, tree, 2 * recipients)
        half, small = await give_contacts(connection, tree.master_id, tree.account_ids[0], 2 * recipients)
        with running(SEALING, application, stage.folder) as server:
            sender = _Sender(server, tree, connection)
            await sender.prepare()
            with _worker(application, stage) as worker:
                await sender.send(small)
                few = _peak(worker)
                taken = await sender.send(half)
                most = _peak(worker)
        copied = await _copied(connection, stage.folder)
        made, ready = await asyncio.to_thread(_alone, recipients, stage)
    finally:
        await connection.close()
    return Campaign(recipients, taken, copied, made, ready, few, most)


class _Sender:
    """The tree's owner, with a server."""

    def __init__(self, server: Running, tree: Tree, connection: asyncpg.Connection) -> None:
        self._server = server
        self._tree = tree
        self._connection = connection
        self._account_id = global_id(tree.account_ids[0])
        self._template_id = ""

    async def prepare(self) -> None:
        """A sending domain that is verified, the sender's address, and a template."""
        self._do("domainAdd", "domain { id }", kind="SENDING", name=DOMAIN)
        await self._connection.execute(_VERIFIED, new_id(), DOMAIN, self._tree.master_id)
        version = await self._connection.fetchval(
            "SELECT version FROM accounts WHERE master_id = $1 AND id = $1", self._tree.master_id
        )
        self._do(
            "settingsUpdate", "userErrors { code }", expectedVersion=version, senderAddress=f"spring@{DOMAIN}"
        )
        made = self._do(
            "templateCreate",
            "template { id }",
            name="Spring",
            channel="EMAIL",
            subject=PARTS.subject,
            text=PARTS.text,
            html=PARTS.html,
        )
        self._template_id = made["template"]["id"]

    async def send(self, list_id: str) -> float:
        """The seconds until all messages to the list are handed over."""
        before = await self._connection.fetchval(_SETTLED)
        values: dict[str, Any] = {"name": "Spring", "templateId": self._template_id}
        values["contactListIds"] = [list_id]
        made = self._do("campaignCreate", "campaign { id version }", **values)["campaign"]
        began = time.perf_counter()
        self._do(
            "campaignSend",
            "campaign { id }",
            is_of_account=False,
            campaignId=made["id"],
            expectedVersion=made["version"],
        )
        looked_at, seen = began, before
        while await self._connection.fetchval(_LEFT):
            await asyncio.sleep(_LOOK_SECONDS)
            if time.perf_counter() - looked_at > _STALLED_SECONDS:
                looked_at, earlier = time.perf_counter(), seen
                seen = await self._connection.fetchval(_SETTLED)
                if seen == earlier:
                    raise CannotMeasure(f"The campaign stands still at {seen - before:,} messages.")
        taken = time.perf_counter() - began
        sent = await self._connection.fetchval(_SETTLED) - before
        recipients = await self._connection.fetchval(_RECIPIENTS_OF_LAST)
        if sent != recipients:
            raise CannotMeasure(f"{sent:,} messages were sent in place of {recipients:,}.")
        print(f"Campaign to {recipients:,}: {taken:.1f} s", flush=True)
        return taken

    def _do(self, mutation: str, selection: str, *, is_of_account: bool = True, **values: Any) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        told = "" if selection.startswith("userErrors") else "userErrors { code message }"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {told} }} }}"
        given = {"accountId": self._account_id, **values} if is_of_account else values
        connection = HTTPConnection(*self._server.address, timeout=_SECONDS)
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._tree.owner_token}"}
        try:
            body = orjson.dumps({"query": document, "variables": {"input": given}})
            connection.request("POST", "/graphql", body, headers)
            answer = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "errors" in answer or answer["data"][mutation]["userErrors"]:
            raise CannotMeasure(f"Mandant answers {answer}.")
        return answer["data"][mutation]


async def _copied(connection: asyncpg.Connection, folder: Path) -> float:
    """The seconds of a COPY of the rows of all messages into the empty table."""
    file = folder / "messages"
    await connection.copy_from_query("SELECT * FROM messages", output=file, format="binary")
    await connection.execute("TRUNCATE messages")
    began = time.perf_counter()
    await connection.copy_to_table("messages", source=file, format="binary", timeout=None)
    taken = time.perf_counter() - began
    file.unlink()
    return taken


@contextmanager
def _worker(database_url: str, stage: Stage) -> Iterator[int]:
    """A worker's process, on the server's core, whose server has nothing to do meanwhile."""
    with (stage.folder / "campaign-worker.log").open("wb") as output:
        process = subprocess.Popen(
            [*python("benchmarks.outbox_worker"), "work", database_url, str(stage.folder / "outbox")],
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(pin, SERVER_CORE),
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _alone(recipients: int, stage: Stage) -> tuple[float, float]:
    number = min(recipients, _ALONE)
    finished = subprocess.run(
        [*python("benchmarks.outbox_worker"), "alone", str(number), str(stage.folder / "outbox")],
        check=True,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        preexec_fn=partial(pin, SERVER_CORE),
    )
    made, ready = finished.stdout.split()
    return float(made) * recipients / number, float(ready) * recipients / number


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


PART = Part(
    "campaign",
    "A campaign to a million",
    "From `campaignSend` until the last message is settled as SENT, by one worker on the server's core that "
    "hands over to a local outbox: a folder, which keeps the last 1,000. The template has a variable and a "
    "link, and mails are signed by DKIM (RSA, 2,048 bits). The COPY is PostgreSQL's, in binary, of the same "
    "rows into the empty table. Mail is handed over alone by a process on the same core without a database, "
    "ten at once as a worker does, either ready or rendered, written and signed before: 100,000 "
    "of a million, whose time is taken ten times. Once each. Memory is the most that the worker's process "
    "ever held.",
    _campaign,
)
