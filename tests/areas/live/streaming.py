"""Who opens streams in a server of a test, by hand too, and what the metrics tell of them."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import (
    PATIENCE,
    Served,
    Stoppable,
    serving,
)
from tests.world.world import Account, ApiKey, World


@pytest.fixture
async def account(world: World) -> Account:
    """Of the key."""
    return await world.account()


@pytest.fixture
async def key(world: World, account: Account) -> ApiKey:
    """What opens streams."""
    return await world.api_key(account)


@pytest.fixture
def own(settings: Settings, addresses: DatabaseAddresses) -> Iterator[Stoppable]:
    """A server of the test's own."""
    with serving(settings, addresses.application) as served:
        yield served


async def until_gauges(expected: tuple[float, float]) -> None:
    """Wait until the metrics tell so many streams and watched things."""
    deadline = time.monotonic() + PATIENCE
    while gauges() != expected:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def gauges() -> tuple[float, float]:
    """How many streams are open, and things are watched, by the metrics."""
    found = [REGISTRY.get_sample_value(name) for name in ("mandant_streams", "mandant_watched_things")]
    return found[0] or 0.0, found[1] or 0.0


def address_of(served: Served) -> tuple[str, int]:
    """Host and port."""
    host, _, port = served.address.partition(":")
    return host, int(port)


def upgrade_of(served: Served) -> bytes:
    """The head of a request that opens a socket."""
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
