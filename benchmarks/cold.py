"""Measures how long the server parses, validates and compiles a document that it has never seen."""

import time
from statistics import median

from authz.callers.tokens import TokenKind, generate
from benchmarks.in_process import NoReads, answer, executor
from benchmarks.operations import Ask, Operation
from server.database.connections import connect_as_application
from server.graphql.documents import Documents

DOCUMENTS = 200


async def cold_ms(database_url: str) -> float:
    """The median over different documents of the page's size, in milliseconds of the process's CPU time.
    Elapsed time would include what PostgreSQL still does on the same core."""
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
