"""Requests to addresses of customers: where they go, and how long they take."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from authz.policy.refusals import Refusal
from models.webhooks.tables import WebhookProblem
from resolvers.domains.dns import Dns
from resolvers.outgoing.public_addresses import is_public
from resolvers.webhooks.requests import Tried, WebhookRequests
from tests.areas.domains.name_server import Mood, Zone, free_port, name_server
from tests.areas.webhooks.receiver import (
    HOST,
    Answering,
    Dribble,
    Endless,
    Receiver,
    close,
    drip_headers,
    flood_headers,
    never,
    promise,
    receiving,
    status,
)

_PATIENCE = 1.0
_BODY = b'{"type":"TEST"}'


@pytest.fixture
async def received(tmp_path: Path) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """A receiver, and what trusts it."""
    async with receiving(tmp_path) as found:
        yield found


@pytest.fixture
def receiver(received: tuple[Receiver, ssl.SSLContext]) -> Receiver:
    """Takes everything."""
    return received[0]


@pytest.fixture
def zone() -> Zone:
    """The receiver's name leads to this machine."""
    found = Zone()
    found.publish("A", HOST, "127.0.0.1")
    return found


@pytest.fixture
def dns(zone: Zone) -> Iterator[Dns]:
    """Asks the name server of the zone."""
    with name_server(zone) as found:
        yield found


@pytest.fixture
def private(dns: Dns, received: tuple[Receiver, ssl.SSLContext]) -> WebhookRequests:
    """Requests of a deployment that allows private addresses."""
    return WebhookRequests(dns, private_addresses=True, trust=received[1], patience=_PATIENCE)


@pytest.fixture
def public(dns: Dns, received: tuple[Receiver, ssl.SSLContext]) -> WebhookRequests:
    """Requests of any other one."""
    return WebhookRequests(dns, trust=received[1], patience=_PATIENCE)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.4.4", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "2130706433",
        "127.1",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://example.com",
        "https://",
        "https://me:secret@example.com",
        "https://example.com/#x",
        "//example.com",
        "x",
        "",
        "https://example.com:25/",
        "https://example.com:22",
        "https://127.0.0.1/x",
        "https://10.1.2.3:8443",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com/" + "x" * 2000,
        "https://example.com:0",
        "https://example.com:65536",
        "https://localhost/in",
        "https://LOCALHOST.:8443/in",
        "https://hooks.localhost",
        "https://2130706433",
        "https://0x7f.1",
        "https://0x7f000001.",
        "https://0X7F.1",
        "https://127.1",
        "https://0177.0.0.1",
        "https://example.com.1",
        "https://exa mple.com",
        "https://[",
    ],
)
def test_such_a_url_is_refused_at_once(public: WebhookRequests, url: str) -> None:
    with pytest.raises(Refusal) as refused:
        public.checked_url(url, "url")
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", ["https://x:65536", "https://x:0", "http://0x7f.1", "https://2130706433"])
def test_such_a_url_works_nowhere(private: WebhookRequests, url: str) -> None:
    with pytest.raises(Refusal) as refused:
        private.checked_url(url, "url")
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", ["http://localhost:8080/in", "https://localhost:1", "http://10.0.0.1"])
def test_a_network_of_ones_own_may_have_such_a_url(private: WebhookRequests, url: str) -> None:
    assert private.checked_url(url, "url").startswith(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a?b=c",
        "https://example.com:8443",
        "https://example.com:65535",
        "https://1.1.1.1",
        "https://4.example.com",
        "https://localhost.example.com",
    ],
)
def test_such_a_url_is_taken(public: WebhookRequests, url: str) -> None:
    assert public.checked_url(url, "url").startswith(url)


async def _tried(requests: WebhookRequests, url: str) -> Tried:
    async with asyncio.timeout(_PATIENCE + 0.7):
        return await requests.post(url, _BODY, {"webhook-id": "x"})


async def test_a_request_names_the_host_and_checks_its_certificate(
    private: WebhookRequests, receiver: Receiver
) -> None:
    tried = await _tried(private, receiver.url("/in?a=b"))
    assert (tried.status_code, tried.problem) == (204, None)
    (taken,) = receiver.taken
    assert (taken.path, taken.body) == ("/in?a=b", _BODY)
    assert taken.headers["host"] == f"{HOST}:{receiver.port}"
    assert taken.headers["content-type"] == "application/json"


async def test_a_certificate_of_another_name_is_not_accepted(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.publish("A", "other.example.com", "127.0.0.1")
    tried = await _tried(private, receiver.url("/in", "other.example.com"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.NOT_CONNECTED)
    assert not receiver.taken


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(dns: Dns, receiver: Receiver) -> None:
    tried = await WebhookRequests(dns, private_addresses=True).post(receiver.url("/in"), _BODY, {})
    assert tried.problem is WebhookProblem.NOT_CONNECTED
    assert not receiver.taken


@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        ("A", ["127.0.0.1"]),
        ("A", ["1.1.1.1", "127.0.0.1"]),
        ("A", ["127.0.0.1", "1.1.1.1"]),
        ("A", ["169.254.169.254"]),
        ("AAAA", ["::1"]),
        ("AAAA", ["::ffff:7f00:1"]),
        ("AAAA", ["64:ff9b::7f00:1"]),
    ],
)
async def test_a_name_that_leads_inside_is_not_asked(
    public: WebhookRequests, receiver: Receiver, zone: Zone, kind: str, addresses: list[str]
) -> None:
    zone.withdraw(HOST)
    zone.publish(kind, HOST, *addresses)
    tried = await _tried(public, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.ADDRESS_NOT_ALLOWED)
    assert not receiver.taken


async def test_one_private_address_beside_a_public_one_is_enough(
    public: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.publish("A", HOST, "1.1.1.1")
    zone.publish("AAAA", HOST, "::1")
    assert (await _tried(public, receiver.url("/in"))).problem is WebhookProblem.ADDRESS_NOT_ALLOWED


async def test_a_name_is_resolved_once_for_each_request(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    """So a name that leads elsewhere between the check and the connection leads nowhere."""
    await _tried(private, receiver.url("/in"))
    assert sorted(zone.asked) == [("A", HOST), ("AAAA", HOST)]
    zone.publish("A", HOST, "127.0.0.2")  # nobody listens there
    assert (await _tried(private, receiver.url("/in"))).problem is not None
    assert len(receiver.taken) == 1


async def test_an_alias_of_a_private_name_leads_nowhere(
    public: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.withdraw(HOST)
    zone.publish("CNAME", HOST, "inside.example.org")
    zone.publish("A", "inside.example.org", "127.0.0.1")
    assert (await _tried(public, receiver.url("/in"))).problem is not None
    assert not receiver.taken


async def test_a_name_that_is_not_there(private: WebhookRequests, receiver: Receiver) -> None:
    tried = await _tried(private, receiver.url("/in", "nowhere.example.com"))
    assert tried.problem is WebhookProblem.NAME_NOT_FOUND


async def test_a_name_server_that_is_silent(private: WebhookRequests, receiver: Receiver, zone: Zone) -> None:
    zone.moods[HOST] = Mood.SILENT
    assert (await _tried(private, receiver.url("/in"))).problem is WebhookProblem.NAME_NOT_FOUND


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(private: WebhookRequests, receiver: Receiver, code: int) -> None:
    receiver.answers["/in"] = status(code, f"location: {receiver.url('/secret')}")
    tried = await _tried(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (code, WebhookProblem.REFUSED)
    assert [each.path for each in receiver.taken] == ["/in"]


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
async def test_only_200_to_299_is_a_yes(private: WebhookRequests, receiver: Receiver, code: int) -> None:
    receiver.answers["/in"] = status(code)
    tried = await _tried(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem, tried.is_gone) == (code, WebhookProblem.REFUSED, False)


async def test_a_server_that_never_answers(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = never
    tried = await _tried(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.TIMED_OUT)


@pytest.mark.parametrize(
    "answering",
    [
        drip_headers,
        promise,
        Dribble(b""),
        Dribble(b"HTTP/1.1 "),
        Dribble(b"HTTP/1.1 200 OK\r\nx-more: "),
    ],
)
async def test_a_server_that_never_comes_to_the_end_of_its_headers(
    private: WebhookRequests, receiver: Receiver, answering: Answering
) -> None:
    """Each byte comes soon after the one before: only the time in all ends it."""
    receiver.answers["/in"] = answering
    assert (await _tried(private, receiver.url("/in"))).problem is WebhookProblem.TIMED_OUT


async def test_headers_that_are_too_long_are_no_answer(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = flood_headers
    tried = await _tried(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.NOT_ANSWERED)


@pytest.mark.parametrize("code", [200, 503])
@pytest.mark.parametrize("length", [b"content-length: 1000", b"x-length: none"])
async def test_of_an_answer_that_dribbles_the_status_counts(
    private: WebhookRequests, receiver: Receiver, code: int, length: bytes
) -> None:
    """What was taken is not sent again because its answer never ends."""
    receiver.answers["/in"] = Dribble(b"HTTP/1.1 %d X\r\n%b\r\n\r\n" % (code, length))
    tried = await _tried(private, receiver.url("/in"))
    problem = None if code == 200 else WebhookProblem.REFUSED
    assert (tried.status_code, tried.problem) == (code, problem)


async def test_a_server_that_says_nothing_of_tls(private: WebhookRequests, zone: Zone) -> None:
    """It takes the connection, and is silent."""
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        port = silent.sockets[0].getsockname()[1]
        tried = await _tried(private, f"https://{HOST}:{port}/in")
        assert (tried.status_code, tried.problem) == (None, WebhookProblem.TIMED_OUT)
        await asyncio.wait_for(left.wait(), _PATIENCE)
    finally:
        silent.close()


async def test_a_server_that_closes(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = close
    assert (await _tried(private, receiver.url("/in"))).problem is WebhookProblem.NOT_ANSWERED


async def test_of_ten_gigabytes_little_is_read(private: WebhookRequests, receiver: Receiver) -> None:
    endless = Endless()
    receiver.answers["/in"] = endless
    tried = await _tried(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (200, None)
    # What the buffers of two sockets hold.
    assert endless.sent < 20_000_000


async def test_nobody_listens(private: WebhookRequests) -> None:
    tried = await _tried(private, f"https://{HOST}:{free_port()}/in")
    assert tried.problem is WebhookProblem.NOT_CONNECTED
