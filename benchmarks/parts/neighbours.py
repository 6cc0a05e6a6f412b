"""Measures how much slower one caller's reads of one account become while another caller attacks."""

import asyncio
import enum
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from random import Random
from statistics import median, quantiles
from typing import cast

import orjson
import uvloop

from benchmarks.data import SEED, Tree
from benchmarks.effort import Effort
from benchmarks.load import HEAD_END, request, whole_length
from benchmarks.machine import LOAD_CORE, CannotMeasure, pin
from benchmarks.operations import Operation, asks_of
from benchmarks.parts.part import Part, Ratio, Table
from benchmarks.reporting.texts import in_ms, rounded
from benchmarks.servers import Running
from benchmarks.stage import Stage

_POLITE = 4
"""Connections of the measured caller. Each pauses after a response."""

_PAUSE = 0.005
"""Seconds."""

_HOSTILE = 30
"""Connections of the attacker. Each waits for its response before the next request."""

_STALLED = 300
"""Connections of the attacker that stop in the middle of a request."""


class Attack(enum.Enum):
    """What the attacker does."""

    NOTHING = "Nothing"
    COLD_QUERIES = "30 cold queries at once"
    BOMBS = "30 bombs at once, without a token"
    SIGN_INS = "30 wrong passwords at once"
    STALLED_BODIES = "300 stalled requests"


@dataclass(frozen=True)
class Neighbour:
    """The 99th percentile of the measured caller's reads, in milliseconds; medians over the rounds."""

    p99_ms: float
    against_nothing: float
    """As a multiple of the same figure without the attacker, in the same round."""


@dataclass(frozen=True)
class _Turn:
    address: tuple[str, int]
    attack: Attack
    polite: Tree
    hostile: Tree
    seed: int
    warm_seconds: float
    seconds: float


@dataclass(frozen=True)
class Neighbours:
    """By what the other caller does."""

    beside: Mapping[Attack, Neighbour]

    def ratios(self) -> list[Ratio]:
        worst = max(self.beside.values(), key=lambda found: found.against_nothing)
        what = "p99 of one caller's reads beside the worst neighbour, against none"
        return [Ratio(what, f"{worst.against_nothing:.2f}")]

    def table(self) -> Table:
        rows = [
            [attack.value, in_ms(found.p99_ms), f"{found.against_nothing:.2f}"]
            for attack, found in self.beside.items()
        ]
        return Table(["What the other caller does", "p99 ms", "against nothing"], rows)

    def as_json(self) -> Mapping[str, object]:
        return {attack.name.lower(): rounded(asdict(found)) for attack, found in self.beside.items()}


async def _neighbours(stage: Stage) -> Neighbours:
    data, mandant = await stage.data(), await stage.mandant()
    return Neighbours(await _all(mandant, data.trees, stage.effort))


async def _all(running: Running, trees: Sequence[Tree], effort: Effort) -> dict[Attack, Neighbour]:
    """Each attack in each round, beside the same round without one. Raises CannotMeasure."""
    found: dict[Attack, list[float]] = {attack: [] for attack in Attack}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        for number in range(effort.rounds):
            for attack in Attack:
                seed = number * len(Attack) + list(Attack).index(attack)
                turn = _Turn(
                    running.address, attack, trees[0], trees[1], seed, effort.warm_seconds, effort.seconds
                )
                taken = await asyncio.get_running_loop().run_in_executor(process, _run, turn)
                found[attack].append(taken)
                print(f"Beside {attack.value.lower()}: p99 {taken:.1f} ms", flush=True)
    quiet = found[Attack.NOTHING]
    return {
        attack: Neighbour(median(taken), median(one / alone for one, alone in zip(taken, quiet, strict=True)))
        for attack, taken in found.items()
    }


def _run(turn: _Turn) -> float:
    pin(LOAD_CORE)
    return uvloop.run(_measure(turn))


async def _measure(turn: _Turn) -> float:
    loop = asyncio.get_running_loop()
    hostile = _STALLED if turn.attack is Attack.STALLED_BODIES else _HOSTILE
    attackers = [] if turn.attack is Attack.NOTHING else [_Hostile(turn, number) for number in range(hostile)]
    for attacker in attackers:
        await attacker.connect()
    await asyncio.sleep(turn.warm_seconds)
    polite = [_Polite(turn, loop.time() + turn.seconds) for _ in range(_POLITE)]
    for client in polite:
        await loop.create_connection(lambda client=client: client, *turn.address)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in polite))
    for attacker in attackers:
        attacker.stop()
    return quantiles([taken for client in polite for taken in client.taken], n=100)[98] * 1000


class _Polite(asyncio.Protocol):
    """Reads one account after the other."""

    def __init__(self, turn: _Turn, end: float) -> None:
        self.taken: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asks = [request(Operation.POINT_READ, ask) for ask in asks_of(Operation.POINT_READ, [turn.polite])]
        self._requests = itertools.cycle(asks)
        self._end = end
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        expected = whole_length(self._received)
        if expected and len(self._received) >= expected:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(CannotMeasure(f"The server closed the connection: {error}"))

    def _send(self) -> None:
        self._received = b""
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def _answered(self) -> None:
        self.taken.append(time.perf_counter() - self._sent)
        if b'"errors"' in self._received or not self._received.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(CannotMeasure(f"The server answered {self._received[:500]!r}"))
        elif asyncio.get_running_loop().time() < self._end:
            asyncio.get_running_loop().call_later(_PAUSE, self._send)
        else:
            self.done.set_result(None)
            self._transport.close()


class _Hostile(asyncio.Protocol):
    """Sends again whatever the response is, and connects again if the server closes the connection."""

    def __init__(self, turn: _Turn, number: int) -> None:
        self._address = turn.address
        self._requests = _ATTACKS[turn.attack](turn.hostile, Random(f"{SEED} {turn.seed} {number}"))
        self._received = b""
        self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Connect, and begin."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, *self._address)
        except OSError:
            self._connect_later()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped = True
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(HEAD_END)
        expected = whole_length(self._received) if head_end >= 0 else 0
        if expected and len(self._received) >= expected:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._received = b""
        if not self._stopped:
            self._connect_later()

    def _connect_later(self) -> None:
        def connect() -> None:
            task = asyncio.get_running_loop().create_task(self.connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        asyncio.get_running_loop().call_later(_PAUSE, connect)

    def _send(self) -> None:
        self._received = b""
        if not self._stopped:
            self._transport.write(next(self._requests))


def _post(content: bytes, token: str | None) -> bytes:
    authorization = "" if token is None else f"authorization: Bearer {token}\r\n"
    head = (
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n"
        f"content-type: application/json\r\n{authorization}content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _cold_queries(tree: Tree, random: Random) -> Iterator[bytes]:
    (ask, *_) = asks_of(Operation.PAGE, [tree])
    while True:
        name = f"a{random.getrandbits(60)}"
        text = Operation.PAGE.document.replace("name", f"{name}: name")
        yield _post(orjson.dumps({"query": text, "variables": ask.variables}), ask.token)


def _bombs(tree: Tree, random: Random) -> Iterator[bytes]:
    """Two documents that took seconds once: repeated introspection, and fragments of equal fields."""
    while True:
        kind = f"K{random.getrandbits(60)}"
        fields = "types{name kind fields{name args{name type{name}} type{name ofType{name}}}}"
        schemas = " ".join(f"s{number}:__schema{{{fields}}}" for number in range(90))
        yield _post(orjson.dumps({"query": f"query {kind}{{{schemas}}}"}), None)
        spreads = " ".join(f"...F{number}" for number in range(100))
        fragments = " ".join(f"fragment F{number} on Query{{{'viewer{id}' * 8}}}" for number in range(100))
        yield _post(orjson.dumps({"query": f"query {kind}{{{spreads}}} {fragments}"}), None)


def _sign_ins(tree: Tree, random: Random) -> Iterator[bytes]:
    text = "mutation($i:SignInInput!){signIn(input:$i){token userErrors{code}}}"
    while True:
        wanted = {"email": f"nobody{random.getrandbits(60)}@example.com", "password": "a wrong password"}
        yield _post(orjson.dumps({"query": text, "variables": {"i": wanted}}), None)


def _stalled(tree: Tree, random: Random) -> Iterator[bytes]:
    whole = _post(b"x" * 100, None)
    while True:
        yield whole[: random.choice((-99, -150))]


_ATTACKS: dict[Attack, Callable[[Tree, Random], Iterator[bytes]]] = {
    Attack.COLD_QUERIES: _cold_queries,
    Attack.BOMBS: _bombs,
    Attack.SIGN_INS: _sign_ins,
    Attack.STALLED_BODIES: _stalled,
}


PART = Part(
    "neighbours",
    "Neighbours: one caller's point reads while another does its worst",
    "4 clients of one caller, each of which reads an account and pauses for 5 milliseconds, beside a "
    "caller of another tree or none; medians over the rounds, each against the same round without it. "
    "Attackers and client share a core with PostgreSQL, so a part of what is lost is lost there.",
    _neighbours,
)
