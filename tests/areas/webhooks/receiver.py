"""A real HTTPS server on this machine that takes webhooks, or does whatever strange a test wants it to."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example.com"
"""The name in its certificate."""


@dataclass(frozen=True)
class Taken:
    """A request that came in. `headers`: by their names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        """Its `webhook-id`."""
        return self.headers["webhook-id"]


Answering = Callable[[Taken, asyncio.StreamWriter], Awaitable[None]]


async def take(_: Taken, writer: asyncio.StreamWriter) -> None:
    """Answer 204."""
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def status(code: int, *headers: str) -> Answering:
    """Answer with a status."""

    async def answer(_: Taken, writer: asyncio.StreamWriter) -> None:
        lines = "".join(f"{header}\r\n" for header in headers)
        writer.write(f"HTTP/1.1 {code} X\r\ncontent-length: 0\r\n{lines}\r\n".encode())

    return answer


async def never(_: Taken, writer: asyncio.StreamWriter) -> None:
    """Answer nothing until the client leaves."""
    while not writer.transport.is_closing():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.02)


async def close(_: Taken, writer: asyncio.StreamWriter) -> None:
    """End the connection without an answer."""
    writer.transport.abort()


async def drip_headers(_: Taken, writer: asyncio.StreamWriter) -> None:
    """Send headers without an end, one after the other."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        writer.write(b"x-more: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood_headers(_: Taken, writer: asyncio.StreamWriter) -> None:
    """Send headers without an end, as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        writer.write(b"x-more: 1\r\n" * 1000)
        await writer.drain()


async def promise(_: Taken, writer: asyncio.StreamWriter) -> None:
    """Say without an end that the answer is to come."""
    while not writer.transport.is_closing():
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Dribble:
    """Sends what is fast at once, and then one byte after the other without an end."""

    fast: bytes

    async def __call__(self, _: Taken, writer: asyncio.StreamWriter) -> None:
        writer.write(self.fast)
        while not writer.transport.is_closing():
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.write(b"x")


@dataclass
class Endless:
    """Says that it has 10 GB, and sends them; counts what it got rid of."""

    sent: int = 0

    async def __call__(self, _: Taken, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n")
        piece = b"x" * 65536
        while not writer.transport.is_closing():
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)


@dataclass
class Receiver:
    """What has come in, and how it is answered: `answers` by the path, else `otherwise`."""

    port: int = 0
    scheme: str = "https"
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, Answering] = field(default_factory=dict)
    otherwise: Answering = take

    def url(self, path: str, host: str = HOST) -> str:
        """Where it takes requests."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Taken]:
        """What came in there."""
        return [each for each in self.taken if each.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with one request."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            found = Taken(head[0].split(" ")[1], headers, body)
            self.taken.append(found)
            await self.answers.get(found.path, self.otherwise)(found, writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """A receiver, and what trusts its certificate. `folder`: for its key."""
    trusted, own = _certificates(folder)
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=own)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver, trusted
    finally:
        server.close()


@asynccontextmanager
async def receiving_plainly() -> AsyncIterator[Receiver]:
    """A receiver without TLS, at an address of this machine."""
    receiver = Receiver(scheme="http")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def _certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(written)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return ssl.create_default_context(cadata=written.decode()), own
