"""What streams take of a process: how many there are, how slowly they may be read, how they end with it."""

import asyncio
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from authz.callers.principals import Credentials
from server.edge import socket_protocol
from server.edge.connection_limits import ConnectionLimits
from server.edge.http_protocol import HttpProtocol
from server.embedded_postgres import DatabaseAddresses
from server.fairness.gate import Side
from server.live import socket as live_socket
from server.live import streams
from server.live.admittance import Admittance
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.live.serving import (
    PATIENCE,
    Served,
    Stoppable,
    opened,
    serving,
    serving_app,
    signed_in,
)
from tests.areas.live.test_event_streams import STREAM, USAGE
from tests.world.usage import give_sends
from tests.world.world import Account, ApiKey, World


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def key(world: World, account: Account) -> ApiKey:
    return await world.api_key(account)


@pytest.fixture
def own(settings: Settings, addresses: DatabaseAddresses) -> Iterator[Stoppable]:
    """A server of the test's own."""
    with serving(settings, addresses.application) as served:
        yield served


async def test_a_server_that_stops_says_so(own: Stoppable, key: ApiKey, account: Account) -> None:
    body = {"query": USAGE, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    async with (
        signed_in(own, key) as socket_,
        opened(own) as nobody,
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("POST", own.url, json=body, headers=headers) as response,
    ):
        await socket_.subscribe("1", USAGE, id=account.id)
        await socket_.next_of("1")
        lines = response.aiter_lines()
        assert await anext(lines) == "event: next"
        began = time.monotonic()
        own.stop()
        assert await socket_.closed() == 1001
        assert await nobody.closed() == 1001
        rest = [line async for line in lines if line]
        assert rest[-2:] == ["event: complete", "data:"]
        assert time.monotonic() - began < 10
    with pytest.raises((OSError, InvalidStatus)):
        async with opened(own):
            pass


class _WaitsLonger(HttpProtocol):
    limits = ConnectionLimits(last_seconds=5.0)


async def test_no_stream_is_opened_in_a_server_that_stops(
    settings: Settings, addresses: DatabaseAddresses, key: ApiKey, account: Account
) -> None:
    """Over connections that were open before."""
    body = json.dumps({"query": USAGE, "variables": {"id": account.id}})
    with serving_app(create_app(settings, addresses.application), _WaitsLonger) as own:
        request = "\r\n".join(
            (
                "POST /graphql HTTP/1.1",
                f"Host: {own.address}",
                f"Accept: {STREAM}",
                f"Authorization: Bearer {key.token}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "",
                body,
            )
        ).encode()
        async with signed_in(own, key) as open_before:
            early = [
                (await asyncio.open_connection(*_address(own)), head) for head in (_upgrade(own), request)
            ]
            for (_, writer), head in early:
                writer.write(head[:20])
            own.stop()
            assert await open_before.closed() == 1001
        for (reader, writer), head in early:
            writer.write(head[20:])
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"UNAVAILABLE"' in answer
            writer.close()


async def test_metrics_count_what_is_open_and_watched(own: Stoppable, key: ApiKey, account: Account) -> None:
    """The caller itself is watched, and the account once, however often it is asked for."""
    before = _gauges()
    async with signed_in(own, key) as socket_:
        for id_ in ("1", "2"):
            await socket_.subscribe(id_, USAGE, id=account.id)
            await socket_.next_of(id_)
        async with opened(own):
            await _until((before[0] + 2, before[1] + 2))
    await _until(before)


@pytest.mark.parametrize("over", ["socket", "event stream"])
async def test_the_answers_of_a_stream_count_and_not_the_stream(
    settings: Settings, addresses: DatabaseAddresses, world: World, key: ApiKey, account: Account, over: str
) -> None:
    """It is open for longer than an operation may take, and no line calls it slow."""
    name = "Counted" + over.title().replace(" ", "")
    query = USAGE.replace("subscription", f"subscription {name}")
    body = {"query": query, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    longer_before = _longer_than_a_second()
    slow = settings.model_copy(update={"slow_seconds": 1.0})
    with capture_logs() as lines, serving(slow, addresses.application) as own:
        if over == "socket":
            async with signed_in(own, key) as socket_:
                await socket_.subscribe("1", query, id=account.id)
                await socket_.next_of("1")
                await asyncio.sleep(1.2)
                await give_sends(world, account, 3)
                await socket_.next_of("1")
        else:
            async with (
                httpx.AsyncClient(timeout=PATIENCE) as http,
                http.stream("POST", own.url, json=body, headers=headers) as response,
            ):
                events = (line async for line in response.aiter_lines() if line.startswith("event: next"))
                await anext(events)
                await asyncio.sleep(1.2)
                await give_sends(world, account, 3)
                await anext(events)
    assert [line for line in lines if line["event"] == "request" and line["duration_ms"] > 1_000]
    assert [line for line in lines if line["event"] == "slow operation"] == []
    answered = {"operation": name, "way": "compiled", "outcome": "answered"}
    assert REGISTRY.get_sample_value("mandant_operations_total", answered) == 2
    assert _longer_than_a_second() == longer_before


@pytest.mark.parametrize("kind", ["query", "subscription"])
async def test_what_is_refused_before_it_runs_counts_as_over_http(
    settings: Settings, addresses: DatabaseAddresses, key: ApiKey, kind: str
) -> None:
    """By a rule of the schema, by its depth, by what its answer may have, by a form that is none."""
    name = f"Refused{kind.title()}"
    deep = "{ parent " * 25 + "{ id }" + " }" * 25
    bodies = [
        f"{kind} {name} {{ nothing }}",
        f'{kind} {name}Deep {{ account(id: "x") {deep} }}',
        f"{kind} {name}",
        "",
    ]
    before = _refused()
    with serving(settings, addresses.application) as own:
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            for query in bodies:
                headers = {"authorization": f"Bearer {key.token}"}
                answer = await http.post(own.url, json={"query": query}, headers=headers)
                assert answer.json()["errors"]
        over_http = _refused() - before
        async with signed_in(own, key) as socket_:
            for number, query in enumerate(bodies):
                await socket_.subscribe(str(number), query)
                await socket_.next_of(str(number), "error")
    assert sum(over_http.values()) == len(bodies)
    assert _refused() - before - over_http == over_http


def _refused() -> Counter[tuple[str, str, str]]:
    """How many operations were refused before they ran, by name, way and outcome."""
    return Counter(
        {
            (each.labels["operation"], each.labels["way"], each.labels["outcome"]): int(each.value)
            for metric in REGISTRY.collect()
            for each in metric.samples
            if each.name == "mandant_operations_total" and each.labels["way"] == "refused"
        }
    )


def _longer_than_a_second() -> float:
    samples = [
        sample
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.startswith("mandant_operation_seconds")
    ]
    all_ = sum(each.value for each in samples if each.name.endswith("_count"))
    return all_ - sum(each.value for each in samples if each.labels.get("le") == "1.0")


async def _until(expected: tuple[float, float]) -> None:
    deadline = time.monotonic() + PATIENCE
    while _gauges() != expected:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def _gauges() -> tuple[float, float]:
    found = [REGISTRY.get_sample_value(name) for name in ("mandant_streams", "mandant_watched_things")]
    return found[0] or 0.0, found[1] or 0.0


async def test_a_caller_has_so_many(
    served: Served, key: ApiKey, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(streams._MOST_OF, Side.PRINCIPAL, 2)
    body = {"query": USAGE, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    async with signed_in(served, key), signed_in(served, key) as last:
        async with opened(served) as more:
            await more.send(type="connection_init", payload={"token": key.token})
            assert await more.closed() == 1013
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            refused = await http.post(served.url, json=body, headers=headers)
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        await last.connection.close()
        await _until_admitted(served, key)


async def _until_admitted(served: Served, key: ApiKey) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        async with opened(served) as socket_:
            await socket_.send(type="connection_init", payload={"token": key.token})
            try:
                assert (await socket_.message())["type"] == "connection_ack"
            except Exception:
                assert time.monotonic() < deadline
                continue
            return


@pytest.mark.parametrize(("side", "status"), [(Side.PLACE, 429), (None, 503)])
async def test_a_place_and_a_process_have_so_many(
    own: Served, key: ApiKey, monkeypatch: pytest.MonkeyPatch, side: Side | None, status: int
) -> None:
    async with signed_in(own, key):
        if side is None:
            monkeypatch.setattr(streams, "MOST", 1)
        else:
            monkeypatch.setitem(streams._MOST_OF, side, 1)
        with pytest.raises(InvalidStatus) as refused:
            async with opened(own):
                pass
        assert refused.value.response.status_code == status
    monkeypatch.undo()
    async with signed_in(own, key):
        pass


async def test_who_says_nothing_leaves_the_streams_of_its_place_alone(
    own: Served, key: ApiKey, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _gauges()
    monkeypatch.setattr(streams, "MOST_NAMELESS", 2)
    monkeypatch.setattr(streams, "SILENT_SECONDS", PATIENCE)
    monkeypatch.setitem(streams._MOST_OF, Side.PLACE, 3)
    body = {"query": USAGE, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    async with signed_in(own, key), signed_in(own, key), opened(own), opened(own) as second:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(own):
                pass
        assert refused.value.response.status_code == 429
        async with (
            httpx.AsyncClient(timeout=PATIENCE) as http,
            http.stream("POST", own.url, json=body, headers=headers) as response,
        ):
            assert response.status_code == 200
            await second.send(type="connection_init", payload={"token": key.token})
            assert await second.closed() == 1013, "its place has three streams"
    await _until(before)
    async with signed_in(own, key), signed_in(own, key), signed_in(own, key):
        pass


async def test_who_says_nothing_gives_way_to_others_of_its_place(
    own: Served, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has been silent for longest does, but none whose token is being looked up."""
    monkeypatch.setattr(streams, "MOST_NAMELESS", 2)
    monkeypatch.setattr(streams, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(live_socket, "INIT_SECONDS", PATIENCE)
    may_go_on = threading.Event()
    admitted = Admittance.admitted

    async def admitted_late(self: Admittance, authorization: str | None, address: str) -> Credentials:
        await asyncio.to_thread(may_go_on.wait)
        return await admitted(self, authorization, address)

    monkeypatch.setattr(Admittance, "admitted", admitted_late)
    async with opened(own) as first, opened(own) as silent:
        await first.send(type="connection_init", payload={"token": key.token})
        async with opened(own) as third:
            assert await silent.closed() == 4408
            await third.send(type="connection_init", payload={"token": key.token})
            await asyncio.sleep(0.5)
            with pytest.raises(InvalidStatus) as refused:
                async with opened(own):
                    pass
            assert refused.value.response.status_code == 429
            may_go_on.set()
            assert (await first.message())["type"] == "connection_ack"
            assert (await third.message())["type"] == "connection_ack"


async def test_who_does_not_answer_that_its_socket_is_closed_is_left(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_protocol, "CLOSING_SECONDS", 0.5)
    monkeypatch.setattr(live_socket, "INIT_SECONDS", 0.5)
    reader, writer = await asyncio.open_connection(*_address(own))
    writer.write(_upgrade(own))
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        assert b" 101 " in await reader.read()
    assert time.monotonic() - began < 10
    writer.close()


async def test_who_reads_nothing_is_left(own: Served, key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 large answers are asked for, and none is read: the server makes few of them, and ends the
    connection."""
    monkeypatch.setattr(socket_protocol, "TAKING_SECONDS", 2.0)
    question = "{ a: __schema { types { name description fields { name description args { name } } } } }"
    client = socket.create_connection(_address(own), timeout=PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(_upgrade(own))
    assert b" 101 " in client.recv(4096)
    _send(client, {"type": "connection_init", "payload": {"token": key.token}})
    await asyncio.sleep(1)
    before = _resident()
    for number in range(50):
        _send(client, {"id": str(number), "type": "subscribe", "payload": {"query": question}})
    await asyncio.to_thread(_wait_for_reset, client)
    assert _resident() - before < 60_000_000
    client.close()
    async with signed_in(own, key):
        pass


def _address(served: Served) -> tuple[str, int]:
    host, _, port = served.address.partition(":")
    return host, int(port)


def _upgrade(served: Served) -> bytes:
    lines = [
        "GET /graphql HTTP/1.1",
        f"Host: {served.address}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    ]
    return "\r\n".join((*lines, "", "")).encode()


def _send(client: socket.socket, message: dict[str, Any]) -> None:
    """One masked text frame; the mask is zero."""
    text = json.dumps(message).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    client.sendall(b"\x81" + length + bytes(4) + text)


def _wait_for_reset(client: socket.socket) -> None:
    """Until the server has ended it, as who writes finds out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            _send(client, {"type": "pong"})
        except OSError:
            return
        time.sleep(0.5)
    raise AssertionError("the server waits for ever")


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_socket_is_opened_at_one_place(own: Served) -> None:
    for head in (
        _upgrade(own).replace(b"/graphql", b"/healthz"),
        _upgrade(own).replace(b"Upgrade: websocket", b"Upgrade: h2c"),
    ):
        reader, writer = await asyncio.open_connection(*_address(own))
        writer.write(head)
        status = await reader.readline()
        assert b" 101 " not in status
        writer.close()
    reader, writer = await asyncio.open_connection(*_address(own))
    writer.write(_upgrade(own) + b"too early")
    assert b" 400 " in await reader.readline()
    writer.close()


async def test_a_head_of_a_socket_is_limited(own: Served) -> None:
    reader, writer = await asyncio.open_connection(*_address(own))
    writer.write(_upgrade(own).replace(b"Host:", b"X: " + b"x" * 40_000 + b"\r\nHost:"))
    assert b" 431 " in await reader.readline()
    writer.close()
