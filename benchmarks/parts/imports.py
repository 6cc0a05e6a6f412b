"""Measures an import of a million contacts, the COPY of the same rows alone, and the memory of both
processes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import asyncpg
import orjson

from benchmarks.data import Tree, global_id, open_trees
from benchmarks.database import own_database
from benchmarks.machine import SERVER_CORE, CannotMeasure, pin
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.servers import CONTACT_KEY, MANDANT, Running, running
from benchmarks.stage import Stage
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees

_ROWS = 1_000_000
_QUICK_ROWS = 100_000
_FEW = 10_000
_ROUNDS = 3
_LINES_OF_A_PIECE = 5_000
_SECONDS = 900
_LOOK_SECONDS = 0.2

_ATTRIBUTE = """
INSERT INTO contact_attributes (master_id, account_id, id, name, type)
VALUES ($1, $1, gen_random_uuid(), 'country', 'TEXT')
"""
_FORGET = (
    "TRUNCATE contacts, contact_values, contact_list_members, contact_jobs, contact_import_parts, "
    "contact_import_errors"
)
_JOB = (
    "SELECT status, created, extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM contact_jobs"
)
_OPEN = {"UPLOADING", "WAITING", "RUNNING"}


@dataclass(frozen=True)
class Imports:
    """Medians in seconds. Memory in MB: the most that a process used."""

    rows: int
    upload_seconds: float
    import_seconds: float
    copy_seconds: float
    """PostgreSQL alone: COPY of the same rows into the same table."""
    few_server_memory: float
    """After a file of 10,000 rows."""
    server_memory: float
    few_worker_memory: float
    worker_memory: float

    @property
    def against_copy(self) -> float:
        """The time of the import as a multiple of the COPY's."""
        return self.import_seconds / self.copy_seconds

    def ratios(self) -> list[Ratio]:
        return [Ratio(f"Import of {self.rows:,} contacts: times the bare COPY", f"{self.against_copy:.2f}")]

    def table(self) -> Table:
        head = ["Contacts", "Import s", "Bare COPY s", "Upload s", "Server, at most", "Worker, at most"]
        seconds = (self.import_seconds, self.copy_seconds, self.upload_seconds)
        memory = [
            f"{many:.0f} MB; with 10,000: {few:.0f} MB"
            for many, few in (
                (self.server_memory, self.few_server_memory),
                (self.worker_memory, self.few_worker_memory),
            )
        ]
        return Table(head, [[f"{self.rows:,}", *(f"{one:.2f}" for one in seconds), *memory]])

    def as_json(self) -> Mapping[str, object]:
        return {"vs_bare_copy": round(self.against_copy, 2), **rounded(asdict(self))}


async def _imports(stage: Stage) -> Imports:
    """In a database of its own on the same server. Raises CannotMeasure where something is refused."""
    rows = _QUICK_ROWS if stage.effort.quick else _ROWS
    owner, application = await own_database(stage.addresses, "imports")
    await migrate(owner)
    await load_trees(owner, 1)
    connection = await asyncpg.connect(owner)
    try:
        (tree,) = await open_trees(connection, 1)
        await connection.execute(_ATTRIBUTE, tree.master_id)
        with running(MANDANT, application, stage.folder) as server, _worker(application, stage) as worker:
            return await _measure(connection, _Importer(connection, server, worker, tree, stage.folder), rows)
    finally:
        await connection.close()


async def _measure(connection: asyncpg.Connection, importer: "_Importer", rows: int) -> Imports:
    await importer.run(_FEW)
    few = importer.memory()
    uploads, imports, copies = [], [], []
    for _ in range(_ROUNDS):
        await connection.execute(_FORGET)
        uploaded, imported = await importer.run(rows)
        uploads.append(uploaded)
        imports.append(imported)
        copies.append(await importer.copy())
        print(f"Import of {rows:,}: {imported:.1f} s, bare COPY {copies[-1]:.1f} s", flush=True)
    many = importer.memory()
    figures = median(uploads), median(imports), median(copies)
    return Imports(rows, *figures, few[0], many[0], few[1], many[1])


class _Importer:
    """The tree's owner, with a server and a worker."""

    def __init__(
        self, connection: asyncpg.Connection, server: Running, worker: int, tree: Tree, folder: Path
    ) -> None:
        self._connection = connection
        self._server = server
        self._worker = worker
        self._tree = tree
        self._folder = folder

    async def run(self, rows: int) -> tuple[float, float]:
        """Upload so many new contacts, and wait until they are imported. The seconds of both."""
        began = time.perf_counter()
        await asyncio.to_thread(self._upload, rows)
        uploaded = time.perf_counter() - began
        job = await self._connection.fetchrow(_JOB)
        while job["status"] in _OPEN:
            await asyncio.sleep(_LOOK_SECONDS)
            job = await self._connection.fetchrow(_JOB)
        if job["status"] != "DONE" or job["created"] != rows:
            raise CannotMeasure(f"The import ended as {dict(job)}.")
        return uploaded, float(job["seconds"])

    async def copy(self) -> float:
        """The seconds of a COPY of the table's rows into the empty table."""
        file = self._folder / "contacts"
        await self._connection.copy_from_table("contacts", output=file, format="binary")
        await self._connection.execute(_FORGET)
        began = time.perf_counter()
        await self._connection.copy_to_table("contacts", source=file, format="binary", timeout=_SECONDS)
        taken = time.perf_counter() - began
        file.unlink()
        return taken

    def memory(self) -> tuple[float, float]:
        """The most memory that the server and the worker have used so far, in MB."""
        return _peak(self._server.pid), _peak(self._worker)

    def _upload(self, rows: int) -> None:
        connection = HTTPConnection(*self._server.address, timeout=_SECONDS)
        path = f"/contacts?accountId={global_id(self._tree.account_ids[0])}"
        headers = {"content-type": "text/csv", "authorization": f"Bearer {self._tree.owner_token}"}
        try:
            connection.request("POST", path, _lines(rows), headers, encode_chunked=True)
            answer = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer.get("rows") != rows:
            raise CannotMeasure(f"The upload was answered with {answer}.")


@contextmanager
def _worker(database_url: str, stage: Stage) -> Iterator[int]:
    """A worker's process. It has the core of the server, which has nothing to do while it works."""
    log = stage.folder / "worker.log"
    settings = {"DATABASE_URL": database_url, "MANDANT_CONTACT_KEY": CONTACT_KEY}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "mandant", "worker"],
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(pin, SERVER_CORE),
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def _lines(count: int) -> Iterator[bytes]:
    yield b"email,externalId,country\n"
    for start in range(0, count, _LINES_OF_A_PIECE):
        numbers = range(start, min(start + _LINES_OF_A_PIECE, count))
        yield "".join(f"person{n}@shop{n % 97}.example.com,{n},SE\n" for n in numbers).encode()


PART = Part(
    "imports",
    "Imports of contacts",
    "A CSV file with an address, an external id and an attribute in each row is uploaded, and imported by a "
    "worker on the server's core; all contacts are new. The time is the worker's, from its first to its last "
    "transaction. The bare COPY is PostgreSQL's, in binary, of the same rows into the same empty table, as "
    "the table's owner. Medians of three, in turn. Memory is the most that each process ever held.",
    _imports,
)
