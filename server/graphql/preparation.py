"""What is likely to come is compiled when a process starts, not when somebody waits for it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress

from server.graphql.documents import Documents
from server.graphql.runner import OperationRunner


async def prepare(documents: Documents, runner: OperationRunner, sources: Iterable[str]) -> None:
    """Take the work of their first time off these documents: valid ones, of one operation each. Then build
    what any other document is put together from.

    Requests are answered meanwhile.
    """
    for source in sources:
        await runner.prepare(source, documents.check(source, anonymous=False).document)
        documents.known(source)  # what was asked for again is forgotten last
    await runner.prepare_fragments()


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """The work is done while what is inside runs, and given up at its end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
