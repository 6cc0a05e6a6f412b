"""SMS by a gateway, with real HTTP servers on this machine."""

import asyncio
import base64
import datetime
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from resolvers.messages.transport import Handed, Sms, Verdict
from resolvers.outgoing.retry_after import retry_after
from server.transports.sms_gateway import SmsGateway
from server.transports.webhook_signature import signature_headers

_SECRET = b"a secret of the gateway"
_SMS = Sms(id="msg_1", sender="Verdant", recipient="+4917612345678", text="Grüße 👋")
_TAKEN = Response('{"id": "sms-7"}', 202)


@dataclass
class Gateway:
    """Answers with the next of `answers`."""

    answers: list[Response] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: set[object] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.bodies.append(await request.body())
        self.headers.append(dict(request.headers))
        self.peers.add(request.client)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        await (self.answers.pop(0) if self.answers else _TAKEN)(scope, receive, send)


@dataclass(frozen=True)
class Site:
    """A running gateway and what sends to it."""

    gateway: Gateway
    transport: SmsGateway

    async def answered(self, response: Response) -> Handed:
        self.gateway.answers = [response]
        return await self.transport.hand_over(_SMS)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    gateway = Gateway()
    config = uvicorn.Config(gateway, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    transport = SmsGateway(f"http://127.0.0.1:{listener.getsockname()[1]}/sms", _SECRET, most=2, patience=5)
    yield Site(gateway, transport)
    await transport.close()
    server.should_exit = True
    await serving
    listener.close()


async def test_what_the_gateway_gets(site: Site) -> None:
    handed = await site.transport.hand_over(_SMS)
    assert handed == Handed(Verdict.ACCEPTED, '202 {"id": "sms-7"}', reference="sms-7")
    (body,), (headers,) = site.gateway.bodies, site.gateway.headers
    sent = {"id": "msg_1", "to": "+4917612345678", "from": "Verdant", "text": "Grüße 👋"}
    assert json.loads(body) == sent
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "msg_1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    signed = b"msg_1." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.digest(_SECRET, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of its specification."""
    secret = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    at = datetime.datetime.fromtimestamp(1731705121, datetime.UTC)
    assert signature_headers((secret,), "msg_loFOjxBNrRLzqYUf", body, at) == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


async def test_connections_are_kept_and_bounded(site: Site) -> None:
    for _ in range(5):
        assert (await site.transport.hand_over(_SMS)).verdict is Verdict.ACCEPTED
    assert len(site.gateway.peers) == 1
    handed = await asyncio.gather(*[site.transport.hand_over(_SMS) for _ in range(10)])
    assert {each.verdict for each in handed} == {Verdict.ACCEPTED}
    assert site.gateway.most_at_once == 2
    assert len(site.gateway.peers) <= 2


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPTED),
        (202, Verdict.ACCEPTED),
        (204, Verdict.UNKNOWN),
        (303, Verdict.UNKNOWN),
        (302, Verdict.LATER),
        (400, Verdict.REFUSED),
        (401, Verdict.LATER),
        (404, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (503, Verdict.LATER),
    ],
)
async def test_what_the_status_says(site: Site, status: int, verdict: Verdict) -> None:
    body = None if status == 204 else '{"id": "sms-7"}'
    handed = await site.answered(Response(body, status, headers={"location": "/elsewhere"}))
    assert (handed.verdict, handed.retry_after) == (verdict, None)
    assert handed.answer.startswith(f"{status} ")
    assert len(site.gateway.bodies) == 1


@pytest.mark.parametrize("body", ['{"code": "UNKNOWN_NUMBER"}', '{"code": "EMPTY"}', '{"code": 7}', "7"])
async def test_a_refusal_may_name_the_number(site: Site, body: str) -> None:
    for status, other in ((400, Verdict.REFUSED), (422, Verdict.REFUSED), (503, Verdict.LATER)):
        verdict = Verdict.BOUNCED if "UNKNOWN" in body and status < 500 else other
        assert (await site.answered(Response(body, status))).verdict is verdict


@pytest.mark.parametrize(
    ("value", "seconds"), [("0", 0.0), ("120", 120.0), ("9" * 30, 86_400.0), ("soon", None)]
)
@pytest.mark.parametrize("status", [429, 503])
async def test_when_to_come_again(site: Site, status: int, value: str, seconds: float | None) -> None:
    handed = await site.answered(Response("", status, headers={"retry-after": value}))
    assert (handed.verdict, handed.retry_after) == (Verdict.LATER, seconds)


async def test_when_to_come_again_as_a_date(site: Site) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for minutes, seconds in ((2, 120.0), (-2, 0.0)):
        moment = format_datetime(now + datetime.timedelta(minutes=minutes), usegmt=True)
        handed = await site.answered(Response("", 429, headers={"retry-after": moment}))
        assert handed.retry_after == pytest.approx(seconds, abs=10)


_GARBAGE = [
    *("", "OK", "[]", "null", '"sms-7"', '{"id": ', '{"id": ""}', '{"id": 7}', '{"ID": "7"}', "<html>"),
    "{" * 60_000,
    f'{{"id": "{"x" * 300}"}}',
    f'{{"id": "sms-7"}}{" " * 70_000}',
]


@pytest.mark.parametrize("body", _GARBAGE, ids=range(len(_GARBAGE)))
async def test_an_answer_that_is_none_leaves_a_doubt(site: Site, body: str) -> None:
    handed = await site.answered(Response(body, 200))
    assert (handed.verdict, handed.reference) == (Verdict.UNKNOWN, None)
    assert len(handed.answer) <= 500
    assert (await site.transport.hand_over(_SMS)).verdict is Verdict.ACCEPTED


async def test_an_answer_that_is_compressed_leaves_a_doubt(site: Site) -> None:
    """Nobody asked for it, and it would have no bound."""
    response = Response(b"\x1f\x8b", 200, headers={"content-encoding": "gzip"})
    assert (await site.answered(response)).verdict is Verdict.UNKNOWN
    assert site.gateway.headers[0]["accept-encoding"] == "identity"


_DATES = st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [0-9:+ A-Z-]*", fullmatch=True)


@given(st.text(max_size=40) | _DATES)
def test_any_retry_after_is_read(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or 0 <= seconds <= 86_400


Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _bad_gateway(behave: Behave, patience: float = 1.6) -> AsyncIterator[SmsGateway]:
    """A server that behaves so after it has got the whole request. A quarter of the patience is for the
    connection, which a busy machine needs some of."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        try:
            await behave(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    transport = SmsGateway(
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", _SECRET, patience=patience
    )
    async with server:
        yield transport
        await transport.close()


async def _end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends the connection."""


async def _stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"id": ')
    await writer.drain()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"400\r\n" + b" " * 1024 + b"\r\n")
        await writer.drain()


async def _head_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Header: " + b"x" * 1024 + b"\r\n")
        await writer.drain()


async def _stammer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\x00 what is no HTTP\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    "behave", [_end, _stay_silent, _break_off, _drip, _never_end, _head_without_end, _stammer]
)
async def test_what_breaks_off_after_the_request_leaves_a_doubt(behave: Behave) -> None:
    async with _bad_gateway(behave) as transport:
        async with asyncio.timeout(20):
            handed = await transport.hand_over(_SMS)
    assert handed.verdict is Verdict.UNKNOWN
    assert handed.answer


async def test_nobody_listens() -> None:
    transport = SmsGateway("http://127.0.0.1:1/", _SECRET)
    assert (await transport.hand_over(_SMS)).verdict is Verdict.LATER
    await transport.close()


async def test_a_server_that_takes_no_connection_is_given_up() -> None:
    """TLS never begins, so nothing was handed over."""

    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    transport = SmsGateway(url, _SECRET, patience=0.2)
    async with server:
        assert (await transport.hand_over(_SMS)).verdict is Verdict.LATER
        await transport.close()


async def test_a_connection_that_ended_while_it_waited_is_not_noticed() -> None:
    served = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"id": "sms"}')
        await writer.drain()

    async with _bad_gateway(answer) as transport:
        for _ in range(3):
            assert (await transport.hand_over(_SMS)).verdict is Verdict.ACCEPTED
            await asyncio.sleep(0.05)
    assert served == 3
