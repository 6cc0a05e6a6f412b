"""Clients that write and may be refused: each with one request under way, as often as there is time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import asyncpg

from authz.policy.builtin_roles import BuiltinRole
from benchmarks.data import Tree, open_session
from benchmarks.load import HEAD_END
from benchmarks.machine import CannotMeasure

_PEOPLE = """
INSERT INTO memberships (master_id, account_id, id, user_id, role_id)
SELECT $1, $1, gen_random_uuid(), user_id, $2 FROM (
  SELECT DISTINCT user_id FROM memberships AS below WHERE master_id = $1 AND NOT EXISTS (
    SELECT FROM memberships AS above WHERE above.account_id = $1 AND above.user_id = below.user_id
  ) ORDER BY user_id LIMIT $3
) AS people RETURNING user_id
"""


async def open_people(connection: asyncpg.Connection, tree: Tree, role: BuiltinRole, count: int) -> list[str]:
    """Sessions of so many people of the tree who get the role in its master account."""
    rows = await connection.fetch(_PEOPLE, tree.master_id, role.id, count)
    return [await open_session(connection, row["user_id"]) for row in rows]


@dataclass(frozen=True)
class Writing:
    """What the clients of one kind were answered. Milliseconds."""

    per_second: float
    """Answers, refused ones too."""
    median_ms: float
    p99_ms: float
    refused: int


@dataclass
class Writer:
    """One client. `request`: the next one, told whether the last was done; `done`: what an answer has in it
    if its request was done."""

    address: tuple[str, int]
    request: Callable[[bool], bytes]
    done: bytes
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    async def run(self, begin: float, end: float) -> None:
        """Until the end. Raises CannotMeasure where the server hangs up."""
        reader, writer = await asyncio.open_connection(*self.address)
        done = False
        while True:
            writer.write(self.request(done))
            sent = time.perf_counter()
            answer = await self._answer(reader)
            now = time.perf_counter()
            done = self.done in answer
            if now > end:
                break
            if now >= begin:
                self.latencies.append(now - sent)
                self.refused += not done
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(HEAD_END)
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            return head + await reader.readexactly(int(length.partition(b":")[2]))
        except asyncio.IncompleteReadError as error:
            raise CannotMeasure(f"The server closed the connection after {error.partial!r}.") from error


async def write(writers: Sequence[Writer], warm_seconds: float, seconds: float) -> None:
    """All of them at once; what is answered in the first `warm_seconds` does not count."""
    begin = time.perf_counter() + warm_seconds
    await asyncio.gather(*(writer.run(begin, begin + seconds) for writer in writers))


def measured(writers: Sequence[Writer], seconds: float) -> Writing:
    """Of writers of one kind. Raises CannotMeasure where there is too little to tell."""
    latencies = [latency for writer in writers for latency in writer.latencies]
    if len(latencies) < 2:
        raise CannotMeasure(f"{len(latencies)} writes were answered in {seconds} seconds.")
    cuts = quantiles(latencies, n=100)
    refused = sum(writer.refused for writer in writers)
    return Writing(len(latencies) / seconds, cuts[49] * 1000, cuts[98] * 1000, refused)


def together(found: Sequence[Writing]) -> Writing:
    """Medians over the rounds; `refused` of all of them."""
    return Writing(
        median(one.per_second for one in found),
        median(one.median_ms for one in found),
        median(one.p99_ms for one in found),
        sum(one.refused for one in found),
    )
