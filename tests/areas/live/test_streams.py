"""How many streams there may be: of a caller, of a place, of a process, and of who says nothing."""

import asyncio
import threading
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from authz.callers.principals import Credentials
from server.fairness.gate import Side
from server.live import socket as live_socket
from server.live import streams
from server.live.admittance import Admittance
from tests.areas.live.serving import (
    PATIENCE,
    Served,
    opened,
    signed_in,
)
from tests.areas.live.streaming import account, gauges, key, own, until_gauges
from tests.areas.live.test_event_streams import STREAM, USAGE
from tests.world.world import Account, ApiKey

__all__ = ["account", "key", "own"]


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
    before = gauges()
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
    await until_gauges(before)
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
