"""Sockets of clients that do not read, do not answer, or ask in another way than they should."""

import asyncio
import json
import os
import socket
import time
from typing import Any

import pytest

from server.edge import socket_protocol
from server.live import socket as live_socket
from tests.areas.live.serving import (
    PATIENCE,
    Served,
    signed_in,
)
from tests.areas.live.streaming import account, address_of, key, own, upgrade_of
from tests.world.world import ApiKey

__all__ = ["account", "key", "own"]


async def test_who_does_not_answer_that_its_socket_is_closed_is_left(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_protocol, "CLOSING_SECONDS", 0.5)
    monkeypatch.setattr(live_socket, "INIT_SECONDS", 0.5)
    reader, writer = await asyncio.open_connection(*address_of(own))
    writer.write(upgrade_of(own))
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
    client = socket.create_connection(address_of(own), timeout=PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(upgrade_of(own))
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
        upgrade_of(own).replace(b"/graphql", b"/healthz"),
        upgrade_of(own).replace(b"Upgrade: websocket", b"Upgrade: h2c"),
    ):
        reader, writer = await asyncio.open_connection(*address_of(own))
        writer.write(head)
        status = await reader.readline()
        assert b" 101 " not in status
        writer.close()
    reader, writer = await asyncio.open_connection(*address_of(own))
    writer.write(upgrade_of(own) + b"too early")
    assert b" 400 " in await reader.readline()
    writer.close()


async def test_a_head_of_a_socket_is_limited(own: Served) -> None:
    reader, writer = await asyncio.open_connection(*address_of(own))
    writer.write(upgrade_of(own).replace(b"Host:", b"X: " + b"x" * 40_000 + b"\r\nHost:"))
    assert b" 431 " in await reader.readline()
    writer.close()
