"""A server has so many places for connections: who needs none makes room for who does."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.server.edge.raw_clients import (
    HEAD,
    PATIENCE,
    PLACES,
    SMALL,
    Patient,
    application,
    asked,
    connect,
    entered,
    refused,
    released,
    rest,
)
from tests.server.start.small_server import run_in_thread


@pytest.fixture
def patient() -> Iterator[str]:
    with run_in_thread(application(), Patient) as address:
        yield address


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
