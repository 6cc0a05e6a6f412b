"""GET /statistics: the statistics of an account, or of all accounts below it too, as CSV.

    GET /statistics?accountId=acct_...&since=2026-01-01&until=2027-01-01&by=LABEL,CHANNEL&interval=MONTH

It takes the arguments of the query `statistics`, and asks by the same functions, so that rights, refusals and
numbers are the same. One statement reads all rows. They are written to a file on disk, which the client then
receives as fast as it likes: nothing of the database waits for it, and the rows are never all in memory.
"""

import datetime
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import MasterId
from resolvers.statistics.asked import Asked
from resolvers.statistics.lines import head_of
from resolvers.statistics.reads import Lines, read_lines
from schema.statistics.arguments import find_path, read_accounts_asked
from server.exports.failures import told
from server.exports.statistics_arguments import PARAMETERS, StatisticsAsked, read_arguments
from server.failures.errors import RefusedRequestError
from server.graphql.response import failure_response
from server.graphql.runner import OperationRunner
from server.http.media_types import MediaType
from server.http.min_revision import min_revision
from server.http.request import RequestHead
from server.http.request_costs import LIST_COST
from server.uploads.places import UploadPlaces
from server.uploads.requests import parameters_of

PATH = "/statistics"
MOST_ROWS = 1_000_000
_MESSAGE = f"The query string has these parameters, each once: {', '.join(PARAMETERS)}."
_PIECE = 65_536


@dataclass(frozen=True)
class _Made:
    """A file, and until when everything is contained in it."""

    content: IO[bytes]
    as_of: datetime.datetime

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer."""
        name = f"statistics-{self.as_of:%Y%m%dT%H%M%SZ}.csv"
        return {
            "content-disposition": f'attachment; filename="{name}"',
            "content-length": str(os.fstat(self.content.fileno()).st_size),
            "x-statistics-as-of": self.as_of.isoformat(),
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        }


@contextmanager
def _temporary() -> Iterator[IO[bytes]]:
    """A file that is gone once it is closed."""
    with TemporaryFile() as file:
        yield file


class StatisticsExport:
    """An endpoint for GET."""

    def __init__(self, runner: OperationRunner, places: UploadPlaces) -> None:
        self._runner = runner
        self._places = places

    async def respond(self, request: Request) -> Response:
        """The file. What is refused is answered as the API answers it."""
        head = RequestHead.of(request.scope)
        with ExitStack() as held:
            try:
                asked = read_arguments(parameters_of(head, PARAMETERS, _MESSAGE))
                made = await self._made(asked, head, held)
            except RefusedRequestError as refusal:
                return failure_response(refusal.failure, MediaType.JSON, refusal.headers)
            except Exception as error:
                return failure_response(told(error), MediaType.JSON)
            return _File(made, held.pop_all())

    async def _made(self, asked: StatisticsAsked, head: RequestHead, held: ExitStack) -> _Made:
        """`held`: keeps the file, and its place, until they are given back."""
        revision = min_revision(head.revisions)
        snapshot = self._runner.snapshot(head.authorization, head.client_address, revision, LIST_COST)
        async with snapshot as reader:
            path = await find_path(reader, asked.account_id)
            held.enter_context(self._places.place(MasterId(path.master_id)))
            file = held.enter_context(_temporary())
            of = await read_accounts_asked(
                reader, path, asked.asked, include_descendants=asked.include_descendants
            )
            async with aclosing(read_lines(reader, path.master_id, of, asked.asked)) as batches:
                as_of = await _write(file, asked.asked, batches)
        return _Made(file, as_of)


async def _write(file: IO[bytes], asked: Asked, batches: AsyncIterator[Lines]) -> datetime.datetime:
    """Until when everything is contained. Raises BAD_USER_INPUT for too many rows."""
    file.write(f"{head_of(asked)}\r\n".encode())
    written, as_of = 0, None
    async for found in batches:
        written, as_of = written + len(found.lines), found.as_of
        if written > MOST_ROWS:
            message = f"More than {MOST_ROWS:,} rows: ask for fewer days or dimensions."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message)
        file.write("".join(f"{line}\r\n" for line in found.lines).encode())
    file.flush()
    if as_of is None:
        raise AssertionError("there is a row even where nothing was counted")
    return as_of


class _File(StreamingResponse):
    """Sends the file, and gives it back at the end, however that comes."""

    def __init__(self, made: _Made, held: ExitStack) -> None:
        made.content.seek(0)
        super().__init__(_pieces(made.content), headers=made.headers, media_type="text/csv")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
