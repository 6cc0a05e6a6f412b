"""The request's id, the line of each request, and the form of the log."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import httpx
import pytest
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from structlog.testing import capture_logs

from server.logs.broken_off import BrokenOff
from server.logs.lines import configure_logging, tell_request
from server.logs.request_log import RequestLog, current_request_id, log_operation_name

CHECKOUT = Path(__file__).parents[3]
TOKEN = "mdt_live_secret"


async def tell_id(request: Request) -> Response:
    structlog.get_logger().warning("asked")
    return PlainTextResponse(current_request_id())


async def name_operation(request: Request) -> Response:
    log_operation_name(request.query_params["name"])
    return PlainTextResponse("named")


async def break_down(request: Request) -> Response:
    token = request.headers["authorization"]
    assert token != TOKEN
    raise RuntimeError("broken")


async def break_off(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"some"
        raise BrokenOff

    return StreamingResponse(pieces())


async def accept_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(current_request_id())
    await websocket.close()


async def refuse_websocket(websocket: WebSocket) -> None:
    await websocket.close()


application = RequestLog(
    Starlette(
        routes=[
            Route("/id", tell_id, methods=["GET", "POST"]),
            Route("/named", name_operation),
            Route("/broken", break_down),
            Route("/broken-off", break_off),
            WebSocketRoute("/accepted", accept_websocket),
            WebSocketRoute("/refused", refuse_websocket),
        ]
    )
)


def serve(descriptor: int) -> None:
    """Serves the application on a listening socket, with its log configured: the program of a subprocess."""
    configure_logging()
    config = uvicorn.Config(application, log_config=None, access_log=False, ws="none")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


@contextmanager
def served(standard_error: int) -> Iterator[str]:
    """A process that serves the application; yields its URL, and ends it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = f"from tests.server.logs.test_request_log import serve; serve({listener.fileno()})"
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=CHECKOUT,
            pass_fds=[listener.fileno()],
            stderr=standard_error,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 64])
async def test_a_good_request_id_is_taken(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/id", headers={"x-request-id": given})
    assert (response.text, response.headers["x-request-id"]) == (given, given)


@pytest.mark.parametrize("given", [None, b"", b"x" * 65, b"a b", b"a\n", "é".encode(), b"a/b", b"${jndi}"])
async def test_any_other_request_id_is_replaced(client: httpx.AsyncClient, given: bytes | None) -> None:
    headers = {} if given is None else {b"x-request-id": given}
    responses = [await client.get("/id", headers=headers) for _ in range(2)]
    ids = {response.headers["x-request-id"] for response in responses}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", request_id) for request_id in ids)


async def test_each_request_has_one_line_without_query_string_and_headers(client: httpx.AsyncClient) -> None:
    with capture_logs(processors=[tell_request]) as logs:
        headers = {"authorization": f"Bearer {TOKEN}", "x-request-id": "one"}
        await client.post(f"/id?token={TOKEN}", headers=headers)
        await client.get("/nothing", headers={"x-request-id": "two"})
    asked, first, second = logs
    assert (asked["event"], asked["request_id"]) == ("asked", "one")
    assert first.pop("duration_ms") > 0
    assert first == {
        "event": "request",
        "log_level": "info",
        "request_id": "one",
        "method": "POST",
        "path": "/id",
        "status": 200,
    }
    assert (second["request_id"], second["status"]) == ("two", 404)
    assert TOKEN not in str(logs)


async def test_the_operation_name_is_of_its_request_alone(client: httpx.AsyncClient) -> None:
    with capture_logs(processors=[tell_request]) as logs:
        await client.get("/named", params={"name": "Accounts"})
        await client.get("/named", params={"name": "x" * 1000})
        await client.get("/" + "y" * 1000)
    assert [entry.get("operation_name") for entry in logs] == ["Accounts", "x" * 200, None]
    assert logs[2]["path"] == "/" + "y" * 199


async def test_a_request_that_breaks_is_logged_and_its_answer_has_the_id(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.get("/broken", headers={"x-request-id": "one", "authorization": "x"})
    assert (response.status_code, response.headers["x-request-id"]) == (500, "one")
    assert [entry["status"] for entry in logs] == [500]


async def test_a_request_that_breaks_without_an_answer_is_logged_as_500() -> None:
    async def break_down(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken")

    transport = httpx.ASGITransport(RequestLog(break_down))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        with capture_logs() as logs, pytest.raises(RuntimeError, match="broken"):
            await client.get("/")
    assert [entry["status"] for entry in logs] == [500]


async def open_websocket(path: str) -> list[Message]:
    """What the application sends to a client that opens a websocket, and says nothing."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-request-id", b"one")]
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
    await application(scope, receive, send)
    return sent


async def test_websockets_have_an_id_and_a_line() -> None:
    with capture_logs() as logs:
        accepted, text, _ = await open_websocket("/accepted")
        await open_websocket("/refused")
    assert accepted["headers"] == [(b"x-request-id", b"one")]
    assert text["text"] == "one"
    assert [(entry["method"], entry["path"], entry["status"]) for entry in logs] == [
        ("WEBSOCKET", "/accepted", 101),
        ("WEBSOCKET", "/refused", 403),
    ]


def test_the_log_is_json_for_machines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file, served(file.fileno()) as url:
        headers = {"x-request-id": "one", "authorization": f"Bearer {TOKEN}"}
        assert ask(f"{url}/broken", headers) == 500
        ask(f"{url}/id", {"x-request-id": "two"})
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"event", "level", "timestamp"} <= entry.keys() for entry in entries)
    of_requests = [entry for entry in entries if "request_id" in entry]
    assert [(entry["event"].strip(), entry["request_id"]) for entry in of_requests] == [
        ("request", "one"),
        ("Exception in ASGI application", "one"),
        ("asked", "two"),
        ("request", "two"),
    ]
    assert "RuntimeError: broken" in of_requests[1]["exception"]
    assert TOKEN not in log.read_text()


def test_an_answer_that_is_broken_off_is_no_error(tmp_path: Path) -> None:
    """Its client notices that it is not whole, and the log has one line, without a traceback."""
    log = tmp_path / "log"
    with log.open("wb") as file, served(file.fileno()) as url:
        with httpx.stream("GET", f"{url}/broken-off", headers={"x-request-id": "one"}) as response:
            assert response.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                response.read()
        ask(f"{url}/id", {"x-request-id": "two"})
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    of_request = [entry for entry in entries if entry.get("request_id") == "one"]
    assert [(entry["event"], entry["level"]) for entry in of_request] == [("request", "info")]
    assert "Traceback" not in log.read_text()


def test_the_log_is_text_for_people() -> None:
    master, terminal = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as reader, ThreadPoolExecutor(1) as pool:
        # Read all the while: a terminal that nobody reads blocks who writes to it.
        shown = pool.submit(read_terminal, reader)
        with served(terminal) as url:
            headers = {"authorization": f"Bearer {TOKEN}"}
            assert ask(f"{url}/broken", headers) == 500
            # Asked last: it is answered when all before is written, and a signal may cut short what is not.
            ask(f"{url}/a%1b[31mb", {"x-request-id": "one"})
        os.close(terminal)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.result())
    (line,) = [line for line in plain.splitlines() if "request_id='one'" in line]
    assert "[info" in line
    assert "path='/a\\x1b[31mb'" in line
    assert "RuntimeError: broken" in plain
    assert TOKEN not in plain


def read_terminal(reader: FileIO) -> str:
    """All that is written to a terminal until nobody has it open."""
    shown = b""
    with suppress(OSError):  # how Linux tells the end
        while more := reader.read(65536):
            shown += more
    return shown.decode()


def ask(url: str, headers: dict[str, str]) -> int:
    """The status; waits for a process that is still starting."""
    return httpx.get(url, headers=headers, timeout=60).status_code
