"""How many files are on their way at once, and how long an upload may take.

A client may be slow, so while it sends or receives nothing of the database is held.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from authz.policy.refusals import Busy, RateLimited
from models.base.ids import MasterId
from server.failures.errors import ErrorCode, RefusedRequestError
from server.fairness.side_threads import side_thread

UPLOADS_AT_ONCE = 8
"""Of one process; UPLOADS_OF_A_TREE of them for one tree."""

UPLOADS_OF_A_TREE = 2
RETRY_SECONDS = 10
"""After which a place may be free again: most uploads take less."""

UPLOAD_SECONDS = 600.0
"""How long a client may take to send a file, however steadily it comes."""

T = TypeVar("T")


class UploadPlaces:
    """Of one process, for uploads of every kind, and for exports that wait in a file."""

    def __init__(self) -> None:
        # One thread, whatever is sent: the event loop shares its core with no more than that.
        self._thread = side_thread("uploads")
        self._open: Counter[MasterId] = Counter()

    def close(self) -> None:
        """Stop reading."""
        self._thread.shutdown(cancel_futures=True)

    @contextmanager
    def place(self, master_id: MasterId) -> Iterator[None]:
        """A place for a file of the tree. Raises RateLimited where too many come of the tree at once, and
        Busy where the process takes no more."""
        what = "Too many files are on their way at once"
        if self._open[master_id] >= UPLOADS_OF_A_TREE:
            raise RateLimited(RETRY_SECONDS, what)
        if self._open.total() >= UPLOADS_AT_ONCE:
            raise Busy(what, RETRY_SECONDS)
        self._open[master_id] += 1
        try:
            yield
        finally:
            self._open[master_id] -= 1
            if not self._open[master_id]:
                del self._open[master_id]

    async def read(self, body: AsyncIterator[bytes], limit: int, take: Callable[[bytes], object]) -> None:
        """Hand each piece of the body to `take`, in the thread. `limit`: of the body, in bytes.

        Raises RefusedRequestError for a body that is too long or comes too slowly, and what `take` and `body`
        raise.
        """
        received = 0
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                async for piece in body:
                    received += len(piece)
                    if received > limit:
                        message = f"The body is longer than {limit} bytes."
                        raise RefusedRequestError(ErrorCode.PAYLOAD_TOO_LARGE, message)
                    await self.in_thread(partial(take, piece))
        except TimeoutError:
            raise RefusedRequestError(ErrorCode.REQUEST_TIMEOUT, "The file came too slowly.") from None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """What the work returns, done in the thread."""
        # Shielded and awaited to its end: files are not closed under whoever writes to them.
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.gather(running, return_exceptions=True)
            raise
