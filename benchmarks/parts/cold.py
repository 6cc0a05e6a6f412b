"""Measures how long the server parses, validates and compiles a document that it has never seen."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from authz.callers.tokens import TokenKind, generate
from benchmarks.in_process import NoReads, answer, executor
from benchmarks.operations import Ask, Operation
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import rounded
from benchmarks.stage import Stage
from server.database.connections import connect_as_application
from server.graphql.documents import Documents

DOCUMENTS = 200


@dataclass(frozen=True)
class Cold:
    """Milliseconds of CPU."""

    milliseconds: float

    def ratios(self) -> list[Ratio]:
        return [Ratio("Cold document, CPU", f"{self.milliseconds:.1f} ms")]

    def table(self) -> Table:
        return Table(["Documents", "ms of CPU, each"], [[str(DOCUMENTS), f"{self.milliseconds:.1f}"]])

    def as_json(self) -> Mapping[str, object]:
        return rounded(asdict(self))


async def _cold(stage: Stage) -> Cold:
    await stage.data()
    return Cold(await _cold_ms(stage.addresses.application))


async def _cold_ms(database_url: str) -> float:
    """The median over documents as large as the page's, no two alike, in milliseconds of the process's CPU:
    nothing is waited for, but PostgreSQL may still be tidying up on the same core."""
    database = connect_as_application(database_url, 1)
    mandant = executor(database, NoReads())
    documents = Documents(mandant.schema)
    ask = Ask(generate(TokenKind.SESSION), {})
    taken = []
    for number in range(DOCUMENTS):
        text = Operation.PAGE.document.replace("name", f"name{number}: name")
        began = time.process_time()
        checked = documents.check(text, anonymous=False)
        await answer(mandant, text, checked.document, ask)
        taken.append(time.process_time() - began)
        if checked.errors:
            raise AssertionError(checked.errors)
    await database.dispose()
    return median(taken) * 1000


PART = Part(
    "cold_document",
    "A document that was never seen",
    "The CPU time of parsing, validating and compiling documents as large as the page's, no two alike, in "
    "one process that has been at it for a while. What PostgreSQL takes to plan the statement is not in "
    "it; the first query of a shape is a part of its own.",
    _cold,
)
