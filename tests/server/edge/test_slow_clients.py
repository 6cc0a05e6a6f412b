"""Clients that send little, slowly or too much, and those that never read: nobody else waits for them."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from tests.server.start.small_server import run_in_thread

PATIENCE = 30.0
"""Seconds; other tests run on the same machine."""

PLACES = 8
HEAD = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
SMALL = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"

disconnected = threading.Event()
entered = threading.Event()
released = threading.Event()


class Patient(HttpProtocol):
    """Few places, and nobody is ever too slow."""

    limits = ConnectionLimits(connections=PLACES, head_seconds=600, silence_seconds=600, linger_seconds=600)


class Impatient(HttpProtocol):
    """Whoever is silent is too slow at once."""

    limits = ConnectionLimits(head_seconds=1, silence_seconds=1, slow_seconds=600, linger_seconds=1)


class Strict(HttpProtocol):
    """Whoever does not send many bytes a second is too slow, and nobody is by being silent."""

    limits = ConnectionLimits(silence_seconds=600, slow_seconds=0.2, slowest_rate=1_000_000_000)


async def small(request: Request) -> Response:
    return PlainTextResponse("small")


async def size(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        disconnected.set()
        raise


async def unread(request: Request) -> Response:
    return PlainTextResponse("unread")


async def large(request: Request) -> Response:
    return Response(b"x" * 50_000_000)


async def pieces(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield b"x" * 65_536

    return StreamingResponse(parts())


async def slow(request: Request) -> Response:
    entered.set()
    await asyncio.to_thread(released.wait, PATIENCE)
    return PlainTextResponse("slow")


def application() -> Starlette:
    posted = [Route(f"/{page.__name__}", page, methods=["POST"]) for page in (size, unread)]
    return Starlette(
        routes=[*posted, *(Route(f"/{page.__name__}", page) for page in (small, large, pieces, slow))]
    )


@pytest.fixture
def patient() -> Iterator[str]:
    with run_in_thread(application(), Patient) as address:
        yield address


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    with run_in_thread(application(), Impatient) as address:
        yield address


@pytest.fixture(scope="module")
def usual() -> Iterator[str]:
    with run_in_thread(application()) as address:
        yield address


def connect(address: str) -> socket.socket:
    host, _, port = address.partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def rest(client: socket.socket) -> bytes:
    """Everything that comes until the server ends the connection."""
    read = b""
    try:
        while piece := client.recv(65536):
            read += piece
    except ConnectionResetError:
        pass
    return read


def refused(answer: bytes) -> tuple[int, str]:
    """Status and code of an answer that says that it is the last one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head.lower()
    assert b"\r\ncontent-type: application/json; charset=utf-8" in head.lower()
    (error,) = json.loads(body)["errors"]
    identity = re.search(rb"x-request-id: (\S+)", head)
    assert identity is not None
    assert error["extensions"]["requestId"] == identity[1].decode()
    return int(head.split()[1]), error["extensions"]["code"]


def asked(address: str, request: bytes = SMALL) -> bytes:
    """What answers a request on a connection of its own."""
    with connect(address) as client:
        client.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        return rest(client)


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET /small HT", HEAD, HEAD + b"x"])
def test_connections_without_a_whole_request_make_room(patient: str, sent: bytes) -> None:
    """... the oldest of them first: the last one may still go on."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(patient)) for _ in range(PLACES)]
        for client in clients:
            client.sendall(sent)
        for _ in range(3 * PLACES):
            with connect(patient) as client:
                client.sendall(SMALL)
                assert client.recv(1024).startswith(b"HTTP/1.1 200")


def test_the_oldest_makes_room_and_others_go_on(patient: str) -> None:
    with ExitStack() as stack:
        clients = []
        for _ in range(PLACES):
            client = stack.enter_context(connect(patient))
            client.sendall(SMALL[:-2])
            clients.append(client)
        assert asked(patient).endswith(b"small")
        assert refused(rest(clients[0])) == (503, "BUSY")
        for client in clients[1:]:
            client.sendall(b"Connection: close\r\n\r\n")
            assert rest(client).endswith(b"small")


def test_idle_connections_make_room_and_requests_under_way_do_not(patient: str) -> None:
    released.clear()
    entered.clear()
    with ExitStack() as stack:
        busy = stack.enter_context(connect(patient))
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert entered.wait(PATIENCE)
        for _ in range(PLACES):
            idle = stack.enter_context(connect(patient))
            idle.sendall(SMALL)
            assert idle.recv(1024).startswith(b"HTTP/1.1 200")
        for _ in range(PLACES):
            assert asked(patient).endswith(b"small")
        released.set()
        assert rest(busy).endswith(b"slow")


def test_who_finds_all_places_at_work_is_told_so(patient: str) -> None:
    released.clear()
    with ExitStack() as stack:
        busy = []
        for _ in range(PLACES):
            entered.clear()
            client = stack.enter_context(connect(patient))
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert entered.wait(PATIENCE)
            busy.append(client)
        answer = asked(patient)
        assert refused(answer) == (503, "BUSY")
        assert b"\r\nretry-after: 1\r\n" in answer
        released.set()
        for client in busy:
            assert rest(client).endswith(b"slow")
    assert asked(patient).endswith(b"small")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [(b"GET /small HTTP/1.1\r\nHo", (408, "REQUEST_TIMEOUT")), (HEAD + b"x", (408, "REQUEST_TIMEOUT"))],
)
def test_who_is_silent_is_told_so(impatient: str, sent: bytes, answer: tuple[int, str]) -> None:
    disconnected.clear()
    with connect(impatient) as client:
        client.sendall(sent)
        assert refused(rest(client)) == answer
    assert sent != HEAD + b"x" or disconnected.wait(PATIENCE)


@pytest.mark.parametrize("sent", [b"", b"\r\n", SMALL + b"\r\n"])
def test_who_asks_nothing_is_left(impatient: str, sent: bytes) -> None:
    """... also who sends no more than empty lines after an answer."""
    with connect(impatient) as client:
        client.sendall(sent)
        assert rest(client).count(b"HTTP/1.1") == sent.count(b"GET")


def test_a_later_head_is_waited_for_as_long_as_the_first(impatient: str) -> None:
    with connect(impatient) as client:
        client.sendall(SMALL)
        assert client.recv(1024).endswith(b"small")
        client.sendall(b"GET")
        assert refused(rest(client)) == (408, "REQUEST_TIMEOUT")


def test_a_body_that_nobody_reads_ends_soon_after_the_answer(impatient: str) -> None:
    with connect(impatient) as client:
        client.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        assert rest(client).endswith(b"unread")


def test_who_does_not_read_an_answer_is_left(impatient: str) -> None:
    with connect(impatient) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until_left(client)


@pytest.mark.parametrize("page", ["large", "pieces"])
def test_who_takes_a_little_again_and_again_is_too_slow(page: str) -> None:
    with run_in_thread(application(), Strict) as address, connect(address) as client:
        client.sendall(f"GET /{page} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        taken = 0
        with suppress(ConnectionError):
            while piece := client.recv(65536):
                taken += len(piece)
                client.sendall(b"\r\n")  # finds out that the server has left
                threading.Event().wait(0.02)
        assert taken < 50_000_000


def test_a_steady_trickle_is_too_slow() -> None:
    with run_in_thread(application(), Strict) as address, connect(address) as client:
        client.sendall(b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        stopped = threading.Event()

        def trickle() -> None:
            while not stopped.wait(0.02):
                try:
                    client.sendall(b"1\r\nx\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            answer = client.recv(65536)
        finally:
            stopped.set()
            thread.join()
        assert refused(answer) == (408, "REQUEST_TIMEOUT")


def wait_until_left(client: socket.socket) -> None:
    """Returns once the server has ended the connection, whose answer is not read."""
    while True:
        try:
            client.sendall(b"\r\n")
        except OSError:
            return
        threading.Event().wait(0.05)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /small HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /small HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 60_000_000 + b"\r\n\r\n",
        b"GET /small?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /small HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 150 + b"\r\n",
        b"GET /" + b"a" * 1_000_000,
    ],
    ids=["header", "60 MB", "URL", "headers", "no end"],
)
def test_a_head_that_is_too_large(usual: str, head: bytes) -> None:
    with connect(usual) as client:
        sender = threading.Thread(target=send_all_that_is_taken, args=(client, head))
        sender.start()
        try:
            assert refused(client.recv(65536)) == (431, "HEADERS_TOO_LARGE")
        finally:
            client.shutdown(socket.SHUT_RDWR)
            sender.join()
    assert asked(usual).endswith(b"small")


def send_all_that_is_taken(client: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        client.sendall(data)


def test_a_head_in_pieces_beside_a_large_body(usual: str) -> None:
    """What comes together with a body does not count against the next head."""
    head = b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nA: %b\r\n\r\n"
    first, second = head % (100_000, b"a" * 20_000) + b"x" * 100_000, head % (5, b"a" * 20_000) + b"hello"
    with connect(usual) as client:
        client.sendall(first + second[:10_000])
        assert client.recv(65536).endswith(b"100000")
        client.sendall(second[10_000:])
        assert client.recv(65536).endswith(b"5")


def test_what_follows_a_chunked_body_is_no_header_and_has_an_end(usual: str) -> None:
    body = b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
    assert asked(usual, body + b"A: b\r\n\r\n").endswith(b"\r\n\r\n2")
    with connect(usual) as client:
        sender = threading.Thread(
            target=send_all_that_is_taken, args=(client, body + b"A: " + b"b" * 3_000_000)
        )
        sender.start()
        try:
            assert refused(client.recv(65536)) == (431, "HEADERS_TOO_LARGE")
        finally:
            client.shutdown(socket.SHUT_RDWR)
            sender.join()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"nonsense\r\n\r\n", (400, "BAD_USER_INPUT")),
        (b"GET /small HTTP/1.1\r\nHost x\r\n\r\n", (400, "BAD_USER_INPUT")),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, "BAD_USER_INPUT")),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", (405, "METHOD_NOT_ALLOWED")),
        (
            HEAD.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked") + b"zz\r\n",
            (400, "BAD_USER_INPUT"),
        ),
    ],
)
def test_what_is_no_request_is_told_so_as_all_errors_are(
    usual: str, request_: bytes, answer: tuple[int, str]
) -> None:
    with connect(usual) as client:
        client.sendall(request_)
        assert refused(client.recv(65536)) == answer


def test_what_came_before_a_malformed_request_is_answered(usual: str) -> None:
    released.clear()
    entered.clear()
    with connect(usual) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        assert entered.wait(PATIENCE)
        released.set()
        answer = rest(client)
    assert (answer.count(b"HTTP/1.1"), answer.endswith(b"slow")) == (1, True)


def test_only_so_many_requests_wait_in_one_connection(usual: str) -> None:
    with connect(usual) as client:
        client.sendall(SMALL * 1000)
        answered = rest(client).count(b"HTTP/1.1 200")
    assert answered == ConnectionLimits().pipelined + 1


@pytest.mark.parametrize("sent", [b"", b"GET /small HT", HEAD, HEAD + b"x"])
def test_a_stopping_server_waits_for_whole_requests_alone(sent: bytes) -> None:
    released.clear()
    entered.clear()
    with ExitStack() as stack:
        with run_in_thread(application(), Patient) as address:
            busy = stack.enter_context(connect(address))
            busy.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            assert entered.wait(PATIENCE)
            stalled = [stack.enter_context(connect(address)) for _ in range(3)]
            for client in stalled:
                client.sendall(sent)
            assert asked(address).endswith(b"small")
            threading.Timer(0.5, released.set).start()
        # The server has stopped, and neither its grace nor anybody's patience was waited for.
        assert rest(busy).endswith(b"slow")
        for client in stalled:
            answer = rest(client)
            assert (refused(answer) if answer else None) == ((503, "UNAVAILABLE") if sent >= HEAD else None)
