"""How responses leave, in as few packets as they can and never late; and offers of other protocols."""

import asyncio
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from server.edge.http_protocol import HttpProtocol

DATA_SEGMENTS_IN = 152
"""Where Linux's `struct tcp_info` has `tcpi_data_segs_in`."""

released = threading.Event()


async def small(request: Request) -> Response:
    return PlainTextResponse("small")


async def nothing(request: Request) -> Response:
    return Response(status_code=204)


async def large(request: Request) -> Response:
    return Response(b"x" * 5_000_000)


async def told_to_go_on(request: Request) -> Response:
    return Response(await request.body())


async def slow(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.to_thread(released.wait, 10)
        yield b"second"
        yield b"third"

    return StreamingResponse(pieces())


async def target(request: Request) -> Response:
    return PlainTextResponse(f"<{request.headers['host']} {request.url.path} {request.url.query}>")


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    routes = [Route(f"/{page.__name__}", page) for page in (small, nothing, large, slow)]
    routes.append(Route("/told_to_go_on", told_to_go_on, methods=["POST"]))
    routes.append(Route("/{path:path}", target))
    config = uvicorn.Config(
        Starlette(routes=routes), http=HttpProtocol, loop="uvloop", log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[:2]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=10) as client:
        yield client


def ask(client: socket.socket, path: str, method: str = "GET", headers: str = "") -> None:
    client.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())


def read_until(client: socket.socket, end: bytes) -> bytes:
    """What comes up to an end; raises TimeoutError where it does not come."""
    read = b""
    while not read.endswith(end):
        piece = client.recv(65536)
        assert piece, read
        read += piece
    return read


def data_packets(client: socket.socket) -> int:
    """How many packets with data have come in."""
    information = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    count: int = struct.unpack_from("I", information, DATA_SEGMENTS_IN)[0]
    return count


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts packets with data")
def test_a_small_response_is_one_packet(client: socket.socket) -> None:
    for answered in range(1, 4):
        ask(client, "/small")
        assert read_until(client, b"small").startswith(b"HTTP/1.1 200 OK\r\n")
        assert data_packets(client) == answered


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/small"), ("GET", "/nothing")])
def test_a_response_without_a_body_does_not_wait_for_one(
    client: socket.socket, method: str, path: str
) -> None:
    for _ in range(2):
        ask(client, path, method)
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 20")


def test_a_large_body_comes_whole(client: socket.socket) -> None:
    ask(client, "/large", headers="Connection: close\r\n")
    read = b"".join(iter(lambda: client.recv(1 << 20), b""))
    _, _, body = read.partition(b"\r\n\r\n")
    assert body == b"x" * 5_000_000


def test_a_piece_leaves_before_the_next_one_is_there(client: socket.socket) -> None:
    released.clear()
    ask(client, "/slow")
    read_until(client, b"5\r\nfirst\r\n")
    released.set()
    assert read_until(client, b"0\r\n\r\n") == b"6\r\nsecond\r\n5\r\nthird\r\n0\r\n\r\n"


def test_requests_in_one_packet_are_answered_in_their_order(client: socket.socket) -> None:
    one = b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client.sendall(one % b"small" + one % b"nothing" + one % b"small")
    read = read_until(client, b"small")
    while read.count(b"small") < 2:
        read += read_until(client, b"small")
    assert re.findall(rb"HTTP/1.1 (\d+)", read) == [b"200", b"204", b"200"]


def test_who_waits_to_be_told_to_go_on_is_told_at_once(client: socket.socket) -> None:
    ask(client, "/told_to_go_on", "POST", "Expect: 100-continue\r\nContent-Length: 4\r\n")
    assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"body")
    assert read_until(client, b"body").startswith(b"HTTP/1.1 200 OK\r\n")


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
"""What curl and Java's HttpClient put into a request to offer HTTP/2."""


def offer(body: bytes, framing: bytes, *others: bytes) -> bytes:
    head = b"".join((b"POST /told_to_go_on HTTP/1.1\r\nHost: localhost\r\n", H2C, framing, *others))
    return head + b"\r\n" + body


@pytest.mark.parametrize("size", [0, 4, 65_536, 900_000])
@pytest.mark.parametrize("packets", [1, 2, 7])
def test_an_offer_of_http_2_is_passed_over_and_its_body_read(
    client: socket.socket, size: int, packets: int
) -> None:
    """... whatever the packets are that it comes in, and whatever follows it."""
    body = b"b" * size
    asked = offer(body, b"Content-Length: %d\r\n" % size) + offer(body, b"Content-Length: %d\r\n" % size)
    step = len(asked) // packets + 1
    for start in range(0, len(asked), step):
        client.sendall(asked[start : start + step])
    answer = b""
    while answer.count(b"HTTP/1.1 200 OK\r\n") < 2 or answer.count(b"b" * max(size, 1)) < (2 if size else 0):
        piece = client.recv(1 << 20)
        assert piece
        answer += piece


def test_an_offer_of_http_2_with_a_chunked_body(client: socket.socket) -> None:
    client.sendall(offer(b"4\r\nbody\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"))
    assert read_until(client, b"body").startswith(b"HTTP/1.1 200 OK\r\n")
    ask(client, "/small")
    assert read_until(client, b"small").startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_offer_of_http_2_that_waits_to_be_told_to_go_on(client: socket.socket) -> None:
    client.sendall(offer(b"", b"Content-Length: 4\r\n", b"Expect: 100-continue\r\n"))
    assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"body")
    assert read_until(client, b"body").startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_wants_to_leave_after_an_offer_is_let_go(client: socket.socket) -> None:
    asked = offer(b"body", b"Content-Length: 4\r\n").replace(b"Connection: ", b"Connection: close, ")
    client.sendall(asked)
    answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert (answer.endswith(b"body"), answer.count(b"connection: close")) == (True, 1)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_offers_http_2(address: tuple[str, int]) -> None:
    url = "http://{}:{}/told_to_go_on".format(*address)
    for body in ("body", "b" * 100_000):
        command = ["curl", "--http2", "--silent", "--show-error", "--data-binary", "@-", url]
        finished = subprocess.run(command, input=body.encode(), capture_output=True, timeout=60, check=True)
        assert finished.stdout == body.encode()


JAVA = """
import java.net.*;
import java.net.http.*;
public class Ask {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(arguments[0]))
            .POST(HttpRequest.BodyPublishers.ofString("body")).build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.print(answer.version() + " " + answer.statusCode() + " " + answer.body());
    }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_java_offers_http_2(address: tuple[str, int], tmp_path: Path) -> None:
    source = tmp_path / "Ask.java"
    source.write_text(JAVA)
    command = ["java", str(source), "http://{}:{}/told_to_go_on".format(*address)]
    finished = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    assert (finished.stdout, finished.returncode) == ("HTTP_1_1 200 body", 0), finished.stderr


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("http://api.example.com/a/b?c=d", "api.example.com /a/b c=d"),
        ("HTTPS://api.example.com:8443/a", "api.example.com:8443 /a "),
        ("http://[::1]:8000/a?", "[::1]:8000 /a "),
        ("http://api.example.com", "api.example.com / "),
        ("http://api.example.com?c=d", "api.example.com / c=d"),
        ("/a?b=http://c/", "localhost /a b=http://c/"),
    ],
)
def test_a_whole_url_is_asked_for(client: socket.socket, url: str, meant: str) -> None:
    """RFC 9112, section 3.2.2: its host counts, and not that of the header."""
    ask(client, url)
    assert read_until(client, b">").endswith(f"<{meant}>".encode())


@pytest.mark.parametrize("url", ["ftp://localhost/a", "http://user@localhost/a", "http:///a", "a"])
def test_what_is_no_url_of_http_is_refused(client: socket.socket, url: str) -> None:
    ask(client, url)
    assert read_until(client, b"}").startswith(b"HTTP/1.1 400 ")
