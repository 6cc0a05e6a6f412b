"""The load generator: a process with open connections, each of which waits for its response before the next
request.

It does little itself, so that the server is measured: requests are built beforehand, and of a response only
the status, the length and the absence of errors are checked.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from statistics import quantiles
from typing import cast

import uvloop

from benchmarks.data import SEED, Tree
from benchmarks.machine import LOAD_CORE, CannotMeasure, pin
from benchmarks.operations import CHANGES, CONNECTIONS, Ask, Operation, asks_of, body, transfers, writes

HEAD_END = b"\r\n\r\n"
_NO_HEADERS: Mapping[str, str] = {}
_LENGTH = re.compile(rb"\n[Cc]ontent-[Ll]ength: *(\d+)\r")


@dataclass(frozen=True)
class Load:
    """The requests of one process to one server."""

    address: tuple[str, int]
    operation: Operation
    trees: Sequence[Tree]
    warm_seconds: float
    seconds: float


@dataclass(frozen=True)
class Measured:
    """The results after the warm-up."""

    answers: int
    """All responses, those of the warm-up too."""
    per_second: float
    median_ms: float
    p99_ms: float


def run(load: Load) -> Measured:
    """Send the load. Blocks until it is done. Raises CannotMeasure for a response that is not a success."""
    pin(LOAD_CORE)
    return uvloop.run(_run(load))


async def _run(load: Load) -> Measured:
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + load.warm_seconds
    clock = _Clock(begin, begin + load.seconds)
    clients = [_Client(clock, _requests(load, number)) for number in range(CONNECTIONS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, *load.address)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    cuts = quantiles(clock.latencies, n=100)
    answers = sum(client.answers for client in clients)
    return Measured(answers, clock.per_second, cuts[49] * 1000, cuts[98] * 1000)


def _requests(load: Load, connection: int) -> Iterator[bytes]:
    """The requests of one connection. Each writer has trees of its own, so that it knows their versions."""
    if load.operation in CHANGES:
        own = load.trees[connection::CONNECTIONS]
        asks = writes(own) if load.operation is Operation.WRITE else transfers(own)
        return (request(load.operation, ask) for ask in asks)
    made = [request(load.operation, ask) for ask in asks_of(load.operation, load.trees)]
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
    latencies: list[float] = field(default_factory=list)

    def is_over(self, now: float) -> bool:
        """Whether enough was counted."""
        return now >= self.end and len(self.latencies) >= CONNECTIONS

    def count(self, sent: float, now: float) -> None:
        """Count a response, if it came in time."""
        if now >= self.begin and not self.is_over(now):
            self.latencies.append(now - sent)
            self.end = max(self.end, now)

    @property
    def per_second(self) -> float:
        """Responses a second."""
        return len(self.latencies) / (self.end - self.begin)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, clock: _Clock, requests: Iterator[bytes]) -> None:
        self.answers = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._requests = requests
        self._received = b""
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            self._expected = whole_length(self._received)
        if self._expected and len(self._received) >= self._expected:
            answer, self._received, self._expected = self._received, b"", 0
            self._answered(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(CannotMeasure(f"A server closed the connection: {error}"))

    def _send(self) -> None:
        request = next(self._requests)
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _answered(self, answer: bytes) -> None:
        now = time.perf_counter()
        self.answers += 1
        if not _is_success(answer):
            self.done.set_exception(CannotMeasure(f"A server answered {answer[:1000]!r}"))
            self._transport.close()
            return
        self._clock.count(self._sent, now)
        if self._clock.is_over(now):
            self.done.set_result(None)
            self._transport.close()
        else:
            self._send()


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
