"""`make bench`: measures everything and writes docs/benchmarks/.

`--quick` measures in shorter rounds and on less data.
"""

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from benchmarks import agreement, busy_tree, growth, memory, pgbench, sends
from benchmarks.cold import cold_ms
from benchmarks.data import Tree, give_credit, open_trees
from benchmarks.database import load, temporary_database
from benchmarks.machine import LOAD_CORE, CannotMeasure, description, other_load, pin, require_two_cores
from benchmarks.neighbours import neighbours
from benchmarks.operations import Operation, asks_of
from benchmarks.recording import record
from benchmarks.reporting import report
from benchmarks.reporting.results import Results
from benchmarks.rounds import Effort, Field, contest
from benchmarks.scripts import script_of
from benchmarks.servers import MANDANT, PEERS, REFERENCE, peers, running
from benchmarks.wall import wall
from server.embedded_postgres import DatabaseAddresses

QUICK = Effort(rounds=3, warm_seconds=0.5, seconds=1)
FULL = Effort(rounds=11, warm_seconds=0.5, seconds=2)
TREES_ASKED = 400


def main() -> None:
    """Exits with a message if something is missing or fails, or if a server returns other data than the
    rest."""
    quick = "--quick" in sys.argv[1:]
    try:
        require_two_cores()
        pin(LOAD_CORE)
        with temporary_database() as addresses:
            results = asyncio.run(_measure(addresses, quick=quick))
    except CannotMeasure as reason:
        sys.exit(f"benchmark: {reason}")
    report.write(results)
    report.show(results)


async def _measure(addresses: DatabaseAddresses, *, quick: bool) -> Results:
    effort = QUICK if quick else FULL
    others = other_load()
    await load(addresses.owner)
    connection = await asyncpg.connect(addresses.owner)
    try:
        with tempfile.TemporaryDirectory(prefix="mandant-benchmark-") as name, ExitStack() as stack:
            folder = Path(name)
            opened = await open_trees(connection, TREES_ASKED + agreement.TREES)
            compared, trees = opened[: agreement.TREES], opened[agreement.TREES :]
            await give_credit(connection, opened)
            scripts = await _scripts(connection, addresses.application, trees, folder)
            await connection.execute((PEERS / "postgraphile.sql").read_text(encoding="utf-8"))
            servers = [
                stack.enter_context(running(server, addresses.application, folder))
                for server in (MANDANT, REFERENCE, *peers())
            ]
            await agreement.check(connection, servers, compared)
            field = Field(addresses.owner, addresses.application, servers, scripts, trees)
            measured = await contest(field, effort)
            beside = await neighbours(servers[0], trees, effort)
            kept = await wall(connection, field, effort)
            queries = memory.QUICK_QUERIES if quick else memory.QUERIES
            taken = await memory.memory(addresses, trees, folder, queries)
            large = await sends.large_sends(
                addresses, folder, sends.QUICK_RECIPIENTS if quick else sends.RECIPIENTS
            )
            busy = await busy_tree.busy_tree(addresses, folder, effort)
    finally:
        await connection.close()
    cold = await cold_ms(addresses.application)
    points = await growth.growth(addresses, growth.QUICK_SIZES if quick else growth.SIZES)
    machine = await description(addresses.owner, PEERS) | {"load average before": others}
    return Results(measured, kept, cold, points, large, taken, busy, beside, effort, machine)


async def _scripts(
    connection: asyncpg.Connection, application_url: str, trees: list[Tree], folder: Path
) -> dict[Operation, pgbench.Prepared]:
    scripts = {}
    for operation in Operation:
        recorded = await record(application_url, operation, asks_of(operation, trees))
        scripts[operation] = await pgbench.prepare(connection, operation.value, script_of(recorded), folder)
    return scripts


if __name__ == "__main__":
    main()
