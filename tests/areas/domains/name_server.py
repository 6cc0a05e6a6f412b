"""A real name server on this machine, over UDP and TCP, which says what a test wants it to."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import pairwise
from typing import NoReturn

from dnslib import AAAA, CNAME, MX, QTYPE, RCODE, RD, RR, TXT, A, DNSError, DNSHeader, DNSQuestion, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger

from resolvers.domains.dns import PATIENCE, Dns, NameServer

_LONGEST_PIECE = 255
_UDP_SIZE = 1232
_MANY_ALIASES = 40
_LAG = 1.5
"""Seconds."""


class Mood(Enum):
    """How the server answers about a name, instead of telling what it has."""

    SILENT = "it does not answer"
    LAGGING = "it is slow, but not too slow"
    LATE = "it answers when nobody waits any more"
    FAILING = "SERVFAIL"
    REFUSING = "REFUSED"
    DENYING = "NXDOMAIN, whatever there is"
    LOOPING = "two aliases that lead to each other"
    TURNING = "an alias of itself"
    CHAINING = "more aliases, each of the next one, than anybody follows"
    MISNAMING = "the right records, at another name"
    MISDIRECTED = "the right answer, to another question"
    TRUNCATING = "a part that would do, over UDP, and no answer over TCP"
    CUTTING = "the same, and the beginning of an answer over TCP"
    DRIPPING = "the same, and an answer over TCP that never ends"
    CHATTING = "records of other types"
    STAMMERING = "what is no answer at all"


_CODES = {
    Mood.FAILING: RCODE.SERVFAIL,
    Mood.REFUSING: RCODE.REFUSED,
    Mood.DENYING: RCODE.NXDOMAIN,
}

_ALIASES: dict[Mood | None, Callable[[str], list[str]]] = {
    Mood.LOOPING: lambda name: [name, f"loop.{name}", name],
    Mood.TURNING: lambda name: [name, name],
    Mood.CHAINING: lambda name: [name, *[f"{number}.{name}" for number in range(_MANY_ALIASES)]],
}

_OVER_TCP = (Mood.TRUNCATING, Mood.CUTTING, Mood.DRIPPING)


class Zone(BaseResolver):  # type: ignore[misc]  # dnslib has no types
    """What the server has. Names are in lower case, without a dot at the end."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.moods: dict[str, Mood] = {}
        self.asked: list[tuple[str, str]] = []
        self.closing = threading.Event()

    def publish(self, kind: str, name: str, *values: str) -> None:
        """The name has these records of this type, and no others."""
        self.records[kind, name] = list(values)

    def withdraw(self, name: str) -> None:
        """The name has nothing any more."""
        self.records = {key: values for key, values in self.records.items() if key[1] != name}

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """As dnslib calls it, in a thread of its own."""
        name = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        self.asked.append((kind, name))
        reply, mood = request.reply(), self.moods.get(name)
        if mood in _CODES:
            reply.header.rcode = _CODES[mood]
        elif mood in _ALIASES:
            names = _ALIASES[mood](name)
            reply.add_answer(*[_record("CNAME", *pair) for pair in pairwise(names)])
            if mood is Mood.CHAINING:
                reply.add_answer(*self._records(kind, name, at=names[-1]))
        elif mood in _OVER_TCP:
            if handler.protocol == "tcp":
                self._fail_over_tcp(mood, handler.request)
            reply.header.tc = 1
            self._tell(reply, kind, name)
        else:
            reply = self._strange(mood, request, reply, kind, name)
        return reply

    def _strange(
        self, mood: Mood | None, request: DNSRecord, reply: DNSRecord, kind: str, name: str
    ) -> DNSRecord:
        match mood:
            case Mood.SILENT:
                raise DNSError("silent")
            case Mood.LAGGING | Mood.LATE:
                self.closing.wait(_LAG if mood is Mood.LAGGING else 2 * PATIENCE)
                self._tell(reply, kind, name)
            case Mood.CHATTING:
                reply.add_answer(*[_record(other, name, "192.0.2.7") for other in ("A", "MX")])
            case Mood.MISNAMING:
                reply.add_answer(*self._records(kind, name, at=f"other.{name}"))
            case Mood.MISDIRECTED:
                reply.questions = [DNSQuestion(f"other.{name}", request.q.qtype)]
                reply.add_answer(*self._records(kind, name))
            case Mood.STAMMERING:
                return _Stammer(request.header)
            case _:
                self._tell(reply, kind, name)
        return reply

    def _tell(self, reply: DNSRecord, kind: str, name: str) -> None:
        found = self._records(kind, name)
        if not found and not any(name == known for _, known in self.records):
            reply.header.rcode = RCODE.NXDOMAIN
        reply.add_answer(*found)

    def _records(self, kind: str, name: str, at: str | None = None) -> list[RR]:
        return [_record(kind, at or name, value) for value in self.records.get((kind, name), [])]

    def _fail_over_tcp(self, mood: Mood, connection: socket.socket) -> NoReturn:
        """The connection is closed afterwards."""
        if mood is not Mood.TRUNCATING:
            connection.sendall(struct.pack("!H", 4096) + bytes(12))
        with suppress(OSError):
            while mood is Mood.DRIPPING and not self.closing.wait(0.1):
                connection.sendall(b"\0")
        raise DNSError(mood.value)


class _Stammer(DNSRecord):  # type: ignore[misc]
    """The head of an answer, and then noise."""

    def __init__(self, header: DNSHeader) -> None:
        super().__init__(DNSHeader(id=header.id, qr=1, ra=1, q=1, a=7))

    def pack(self) -> bytes:
        return bytes(super().pack()[:12]) + b"\xff" * 40


def _record(kind: str, name: str, value: str) -> RR:
    made: RD = {"TXT": _text, "CNAME": CNAME, "A": A, "AAAA": AAAA, "MX": MX}[kind](value)
    return RR(name, getattr(QTYPE, kind), rdata=made, ttl=0)


def _text(value: str) -> TXT:
    raw = value.encode("latin-1")
    return TXT([raw[at : at + _LONGEST_PIECE] for at in range(0, len(raw), _LONGEST_PIECE)] or [b""])


class _Handler(DNSHandler):  # type: ignore[misc]
    def get_reply(self, data: bytes) -> bytes:
        """What is too long for UDP is left out, and asked for again over TCP. dnslib would leave out the
        question as well, which makes it an answer to nothing."""
        reply = bytes(super().get_reply(data))
        if self.protocol == "tcp" or len(reply) <= _UDP_SIZE:
            return reply
        asked = DNSRecord.parse(data)
        return bytes(DNSRecord(DNSHeader(id=asked.header.id, qr=1, ra=1, tc=1), q=asked.q).pack())


class _Udp(socketserver.ThreadingUDPServer):
    resolver: Zone
    logger: DNSLogger


class _Tcp(socketserver.ThreadingTCPServer):
    resolver: Zone
    logger: DNSLogger


def _at_one_port() -> tuple[_Udp | _Tcp, ...]:
    """A port that is free over UDP may be taken over TCP: then another one is tried."""
    while True:
        udp = _Udp(("127.0.0.1", 0), _Handler)
        try:
            return udp, _Tcp(("127.0.0.1", udp.server_address[1]), _Handler)
        except OSError:
            udp.server_close()


@contextmanager
def name_server(zone: Zone) -> Iterator[Dns]:
    """Serves the zone; how to ask it."""
    servers, threads = _at_one_port(), []
    port = servers[0].server_address[1]
    for server in servers:
        server.resolver, server.logger = (
            zone,
            DNSLogger("-request,-reply,-truncated,-error,-recv,-send,-data"),
        )
        threads.append(threading.Thread(target=server.serve_forever, args=(0.05,)))
        threads[-1].start()
    try:
        yield Dns([NameServer("127.0.0.1", port)])
    finally:
        zone.closing.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
