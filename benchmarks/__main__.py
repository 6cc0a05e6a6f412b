"""`make bench`: measures everything and writes docs/benchmarks/.

With `--quick` the rounds are shorter and the data grow less far. With `--only` some parts are measured, and
nothing is written.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.database import temporary_database
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.machine import LOAD_CORE, CannotMeasure, description, other_load, pin, require_two_cores
from benchmarks.parts.all_parts import PARTS
from benchmarks.parts.part import Part
from benchmarks.quiet import watched
from benchmarks.reporting import report
from benchmarks.reporting.results import Result, Results
from benchmarks.servers import PEERS
from benchmarks.stage import Stage
from server.embedded_postgres import DatabaseAddresses


def main() -> None:
    """Exits with a sentence where something is missing, and with an error where a part was not measured."""
    asked = _arguments()
    wanted = [part for part in PARTS if asked.only is None or part.name in asked.only]
    try:
        require_two_cores()
        pin(LOAD_CORE)
        with temporary_database() as addresses:
            results = asyncio.run(_measure(addresses, wanted, QUICK if asked.quick else FULL))
    except CannotMeasure as reason:
        sys.exit(f"benchmark: {reason}")
    if asked.only is None:
        report.write(results)
    report.show(results)
    sys.exit(any(result.found is None for result in results.results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds, less data")
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="PART", help=", ".join(names))
    return parser.parse_args()


async def _measure(addresses: DatabaseAddresses, wanted: Sequence[Part], effort: Effort) -> Results:
    others = other_load()
    with tempfile.TemporaryDirectory(prefix="mandant-benchmark-") as name:
        stage = Stage(addresses, Path(name), effort)
        try:
            missing = stage.peers().missing
            results = [await _result(stage, part) for part in wanted]
        finally:
            await stage.close()
    machine = await description(addresses.owner, PEERS) | {"load average before": others}
    return Results(results, missing, effort, machine)


async def _result(stage: Stage, part: Part) -> Result:
    began = time.monotonic()
    found, failure = None, None
    with watched(await stage.roots()) as outside:
        try:
            found = await part.measure(stage)
        except CannotMeasure as reason:
            failure = str(reason)
            print(f"{part.title}: {failure}", flush=True)
    return Result(part, found, failure, outside.cores, time.monotonic() - began)


if __name__ == "__main__":
    main()
