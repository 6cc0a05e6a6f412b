"""A real name server on this machine, over UDP and TCP, which says what a test wants it to."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from dnslib import CNAME, MX, QTYPE, RCODE, RD, RR, TXT, A, DNSError, DNSHeader, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger

from resolvers.domains.dns import Dns, NameServer

_LONGEST_PIECE = 255
_UDP_SIZE = 1232


class Mood(Enum):
    """How the server answers about a name, instead of telling what it has."""

    SILENT = "it does not answer"
    FAILING = "SERVFAIL"
    REFUSING = "REFUSED"
    DENYING = "NXDOMAIN, whatever there is"
    LOOPING = "two aliases that lead to each other"
    CHATTING = "records of other types"
    STAMMERING = "what is no answer at all"


class Zone(BaseResolver):  # type: ignore[misc]  # dnslib has no types
    """What the server has. Names are in lower case, without a dot at the end."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.moods: dict[str, Mood] = {}
        self.asked: list[tuple[str, str]] = []

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
        reply = request.reply()
        match self.moods.get(name):
            case Mood.SILENT:
                raise DNSError("silent")
            case Mood.FAILING:
                reply.header.rcode = RCODE.SERVFAIL
            case Mood.REFUSING:
                reply.header.rcode = RCODE.REFUSED
            case Mood.DENYING:
                reply.header.rcode = RCODE.NXDOMAIN
            case Mood.LOOPING:
                reply.add_answer(
                    _record("CNAME", name, f"loop.{name}"), _record("CNAME", f"loop.{name}", name)
                )
            case Mood.CHATTING:
                reply.add_answer(*[_record(other, name, "192.0.2.7") for other in ("A", "MX")])
            case Mood.STAMMERING:
                return _Stammer(request.header)
            case None:
                self._tell(reply, kind, name)
        return reply

    def _tell(self, reply: DNSRecord, kind: str, name: str) -> None:
        values = self.records.get((kind, name), [])
        if not values and not any(name == known for _, known in self.records):
            reply.header.rcode = RCODE.NXDOMAIN
        reply.add_answer(*[_record(kind, name, value) for value in values])


class _Stammer(DNSRecord):  # type: ignore[misc]
    """The head of an answer, and then noise."""

    def __init__(self, header: DNSHeader) -> None:
        super().__init__(DNSHeader(id=header.id, qr=1, ra=1, q=1, a=7))

    def pack(self) -> bytes:
        return bytes(super().pack()[:12]) + b"\xff" * 40


def _record(kind: str, name: str, value: str) -> RR:
    made: RD = {"TXT": _text, "CNAME": CNAME, "A": A, "MX": MX}[kind](value)
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


@contextmanager
def name_server(zone: Zone) -> Iterator[Dns]:
    """Serves the zone; how to ask it."""
    udp = _Udp(("127.0.0.1", 0), _Handler)
    port = udp.server_address[1]
    servers: tuple[_Udp | _Tcp, ...] = (udp, _Tcp(("127.0.0.1", port), _Handler))
    threads = []
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
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
