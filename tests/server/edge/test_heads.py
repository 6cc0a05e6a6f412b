"""Heads that are too large or no heads at all, and more requests than one connection may send at once."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from server.edge.connection_limits import ConnectionLimits
from tests.server.edge.raw_clients import (
    HEAD,
    PATIENCE,
    SMALL,
    application,
    asked,
    connect,
    entered,
    refused,
    released,
    rest,
)
from tests.server.start.small_server import run_in_thread


@pytest.fixture(scope="module")
def usual() -> Iterator[str]:
    with run_in_thread(application()) as address:
        yield address


LARGE = {
    "header": lambda: b"GET /small HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n",
    "60 MB": lambda: b"GET /small HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 60_000_000 + b"\r\n\r\n",
    "URL": lambda: b"GET /small?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "headers": lambda: b"GET /small HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 150 + b"\r\n",
    "no end": lambda: b"GET /" + b"a" * 1_000_000,
}
"""Made where they are sent: no worker is to hold them for the whole of a run."""


@pytest.mark.parametrize("head", LARGE)
def test_a_head_that_is_too_large(usual: str, head: str) -> None:
    with connect(usual) as client:
        sender = threading.Thread(target=send_all_that_is_taken, args=(client, LARGE[head]()))
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
