"""The load: connections, each with one request under way, in a process of its own.

It does little itself, so that the server is measured: requests are built beforehand, and of a response only
the status, the length and the absence of errors are checked.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random
from statistics import quantiles
from typing import cast

import uvloop

from benchmarks.data import SEED, Tree
from benchmarks.machine import LOAD_CORE, CannotMeasure, pin
from benchmarks.operations import CHANGES, CONNECTIONS, Ask, Operation, asks_of, body, transfers, writes

HEAD_END = b"\r\n\r\n"
_DRAWN = 9973
"""How many operations are drawn until they come again."""

_NO_HEADERS: Mapping[str, str] = {}
_LENGTH = re.compile(rb"\n[Cc]ontent-[Ll]ength: *(\d+)\r")


@dataclass(frozen=True)
class Load:
    """What one process sends. `mix`: each operation's percentage; `core`: where the process stays, None:
    nowhere; `fresh`: each request on a connection of its own."""

    addresses: Sequence[tuple[str, int]]
    mix: Mapping[Operation, int]
    trees: Sequence[Tree]
    warm_seconds: float
    seconds: float
    core: int | None = LOAD_CORE
    fresh: bool = False


@dataclass(frozen=True)
class Measured:
    """What came of it."""

    answers: Mapping[Operation, int]
    """All of them, those of the warm-up too."""
    seconds: float
    latencies: Mapping[Operation, Sequence[float]]
    """Seconds that each answer took after the warm-up."""

    @property
    def per_second(self) -> float:
        """Answers a second, of all operations."""
        return sum(map(len, self.latencies.values())) / self.seconds

    def milliseconds(self, *operations: Operation) -> tuple[float, float]:
        """The median and the 99th percentile; of these operations, or of all."""
        wanted = operations or tuple(self.latencies)
        cuts = quantiles([one for operation in wanted for one in self.latencies[operation]], n=100)
        return cuts[49] * 1000, cuts[98] * 1000


def run(load: Load) -> Measured:
    """Blocks until it is done. Raises CannotMeasure for an answer that is not a success."""
    if load.core is not None:
        pin(load.core)
    return uvloop.run(_run(load))


async def _run(load: Load) -> Measured:
    begin = time.perf_counter() + load.warm_seconds
    clock = _Clock(begin, begin + load.seconds, {operation: [] for operation in load.mix})
    clients = [_Client(load, number, clock) for number in range(CONNECTIONS)]
    for client in clients:
        await client.connect()
    await asyncio.gather(*(client.done for client in clients))
    answers = {operation: sum(client.answers[operation] for client in clients) for operation in load.mix}
    return Measured(answers, clock.end - clock.begin, clock.latencies)


def _requests(load: Load, connection: int) -> Iterator[tuple[Operation, bytes]]:
    """The requests of one connection, without end."""
    sources = {operation: _requests_of(operation, load.trees, connection) for operation in load.mix}
    shares = list(load.mix.values())
    order = Random(SEED + connection).choices(list(load.mix), weights=shares, k=_DRAWN)
    return ((operation, next(sources[operation])) for operation in cycle(order))


def _requests_of(operation: Operation, trees: Sequence[Tree], connection: int) -> Iterator[bytes]:
    """Writers keep to trees of their own, and so know the versions."""
    if operation in CHANGES:
        own = trees[connection::CONNECTIONS]
        asks = writes(own) if operation is Operation.WRITE else transfers(own)
        return (request(operation, ask) for ask in asks)
    made = [request(operation, ask) for ask in asks_of(operation, trees)]
    Random(SEED + connection).shuffle(made)
    return cycle(made)


def request(operation: Operation, ask: Ask) -> bytes:
    """The whole HTTP request."""
    return http_request(ask.token, body(operation, ask))


def http_request(token: str, content: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> bytes:
    """The same with this body, and these headers besides."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n"
        f"content-type: application/json\r\nauthorization: Bearer {token}\r\n"
        f"{more}content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


@dataclass
class _Clock:
    """When counting begins and ends, in seconds of the performance counter, and what was counted.

    Counting goes on longer if a slow server has sent fewer responses than there are connections.
    """

    begin: float
    end: float
    latencies: dict[Operation, list[float]]
    counted: int = 0

    def is_over(self, now: float) -> bool:
        """Whether there is enough."""
        return now >= self.end and self.counted >= CONNECTIONS

    def count(self, operation: Operation, sent: float, now: float) -> None:
        """Note an answer, if it came in time."""
        if now >= self.begin and not self.is_over(now):
            self.latencies[operation].append(now - sent)
            self.counted += 1
            self.end = max(self.end, now)


class _Client(asyncio.Protocol):
    """One connection, or with `fresh` one after the other."""

    def __init__(self, load: Load, number: int, clock: _Clock) -> None:
        self.answers = dict.fromkeys(load.mix, 0)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._address = load.addresses[number % len(load.addresses)]
        self._fresh = load.fresh
        self._clock = clock
        self._requests = _requests(load, number)
        self._received = b""
        self._expected = 0
        self._has_hung_up = False
        self._connecting: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connect, and send the first request."""
        self._sent = time.perf_counter()
        await asyncio.get_running_loop().create_connection(lambda: self, *self._address)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._has_hung_up = False
        self._send(self._sent)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            self._expected = whole_length(self._received)
        if self._expected and len(self._received) >= self._expected:
            answer, self._received, self._expected = self._received, b"", 0
            self._answered(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._has_hung_up and not self.done.done():
            self.done.set_exception(CannotMeasure(f"A server closed the connection: {error}"))

    def _send(self, sent: float) -> None:
        self._operation, request = next(self._requests)
        self._sent = sent
        self._transport.write(request)

    def _answered(self, answer: bytes) -> None:
        now = time.perf_counter()
        self.answers[self._operation] += 1
        if not _is_success(answer):
            self.done.set_exception(CannotMeasure(f"A server answered {answer[:1000]!r}"))
            self._hang_up()
            return
        self._clock.count(self._operation, self._sent, now)
        if self._clock.is_over(now):
            self.done.set_result(None)
            self._hang_up()
        elif self._fresh:
            self._hang_up()
            self._connecting = asyncio.get_running_loop().create_task(self.connect())
            self._connecting.add_done_callback(self._connected)
        else:
            self._send(time.perf_counter())

    def _hang_up(self) -> None:
        self._has_hung_up = True
        self._transport.close()

    def _connected(self, task: asyncio.Task[None]) -> None:
        error = task.exception()
        if error is not None and not self.done.done():
            self.done.set_exception(CannotMeasure(f"A server takes no connection: {error}"))


def whole_length(received: bytes) -> int:
    """The length of the response in bytes, head and body. 0 while it is not known."""
    end = received.find(HEAD_END)
    if end < 0:
        return 0
    length = _LENGTH.search(received, 0, end + 1)
    if length is None:
        raise CannotMeasure("A server does not tell the length of its answer.")
    return end + len(HEAD_END) + int(length[1])


def _is_success(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200") and b'"errors"' not in answer
