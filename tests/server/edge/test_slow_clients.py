"""Clients that send little or slowly, and those that never read: nobody else waits for them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from tests.server.edge.raw_clients import (
    HEAD,
    PATIENCE,
    SMALL,
    application,
    connect,
    disconnected,
    refused,
    rest,
)
from tests.server.start.small_server import run_in_thread


class Impatient(HttpProtocol):
    """Whoever is silent is too slow at once."""

    limits = ConnectionLimits(head_seconds=1, silence_seconds=1, slow_seconds=600, linger_seconds=1)


class Strict(HttpProtocol):
    """Whoever does not send many bytes a second is too slow, and nobody is by being silent."""

    limits = ConnectionLimits(silence_seconds=600, slow_seconds=0.2, slowest_rate=1_000_000_000)


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    with run_in_thread(application(), Impatient, idle_seconds=1) as address:
        yield address


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


def wait_until_left(client: socket.socket) -> None:
    """Returns once the server has ended the connection, whose answer is not read."""
    while True:
        try:
            client.sendall(b"\r\n")
        except OSError:
            return
        threading.Event().wait(0.05)


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
