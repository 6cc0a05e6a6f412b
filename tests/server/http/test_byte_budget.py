"""Bodies that do not come whole are held in so many bytes, and of one place in fewer."""

import json
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.refusals import Busy
from server.http.byte_budget import BODIES, ByteBudget
from tests.server.start.small_server import HELLO, SmallServer, run_small_server

_SENT = 900_000
_PATIENCE = 60
_HEAD = (
    b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: 999999\r\n\r\n"
)


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with run_small_server() as server:
        yield server


def test_whoever_holds_too_much_is_refused_and_nobody_else(server: SmallServer) -> None:
    """Each connection sends most of a body, and no more: the ones that do not fit are told so."""
    address = urlsplit(server.url)
    fitting = BODIES.most_of_a_place // _SENT
    with ExitStack() as stack:

        def connected(place: str) -> socket.socket:
            to = (address.hostname or "", address.port or 0)
            return stack.enter_context(socket.create_connection(to, _PATIENCE, source_address=(place, 0)))

        held = [connected("127.0.0.2") for _ in range(fitting + 2)]
        for connection in held:
            connection.sendall(_HEAD + b" " * _SENT)
        first, second = _answers(held, 2)
        assert [answer.split(b"\r\n")[0][:12] for answer in (first, second)] == [b"HTTP/1.1 503"] * 2
        assert b'"BUSY"' in first
        assert b"retry-after: 1" in first.lower()
        other = connected("127.0.0.3")
        body = json.dumps({"query": HELLO, "variables": {"a": "x" * 9_000}}).encode().ljust(999_999)
        other.sendall(_HEAD + body)
        assert other.recv(20).startswith(b"HTTP/1.1 200")


def _answers(connections: list[socket.socket], count: int) -> list[bytes]:
    """The first answers that come, on whichever of the connections."""
    found: list[bytes] = []
    waiting = list(connections)
    while len(found) < count:
        readable, _, _ = select.select(waiting, [], [], _PATIENCE)
        assert readable, "nobody was refused"
        for connection in readable:
            waiting.remove(connection)
            found.append(connection.recv(10_000))
    return found


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=30))
def test_what_is_held_is_what_has_come_and_not_gone(pieces: list[tuple[str, int]]) -> None:
    budget = ByteBudget("No room", most=150, most_of_a_place=80)
    with ExitStack() as stack:
        bodies = {place: stack.enter_context(budget.holding(place)) for place in "abc"}
        sizes = dict.fromkeys("abc", 0)
        for place, size in pieces:
            fits = sizes[place] + size <= 80 and sum(sizes.values()) + size <= 150
            if fits:
                bodies[place].grow(size)
                sizes[place] += size
            else:
                with pytest.raises(Busy):
                    bodies[place].grow(size)
        assert dict(budget._held) == {place: size for place, size in sizes.items() if size}
    assert not budget._held
