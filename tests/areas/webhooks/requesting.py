"""Requests to a receiver of this machine, of a deployment that allows its address, and of any other one."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from resolvers.domains.dns import Dns
from resolvers.webhooks.requests import Tried, WebhookRequests
from tests.areas.domains.name_server import Zone, name_server
from tests.areas.webhooks.receiver import HOST, Receiver, receiving

PATIENCE = 1.0
BODY = b'{"type":"TEST"}'


@pytest.fixture
async def received(tmp_path: Path) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """A receiver, and what trusts it."""
    async with receiving(tmp_path) as found:
        yield found


@pytest.fixture
def receiver(received: tuple[Receiver, ssl.SSLContext]) -> Receiver:
    """Takes everything."""
    return received[0]


@pytest.fixture
def zone() -> Zone:
    """The receiver's name leads to this machine."""
    found = Zone()
    found.publish("A", HOST, "127.0.0.1")
    return found


@pytest.fixture
def dns(zone: Zone) -> Iterator[Dns]:
    """Asks the name server of the zone."""
    with name_server(zone) as found:
        yield found


@pytest.fixture
def private(dns: Dns, received: tuple[Receiver, ssl.SSLContext]) -> WebhookRequests:
    """Requests of a deployment that allows private addresses."""
    return WebhookRequests(dns, private_addresses=True, trust=received[1], patience=PATIENCE)


@pytest.fixture
def public(dns: Dns, received: tuple[Receiver, ssl.SSLContext]) -> WebhookRequests:
    """Requests of any other one."""
    return WebhookRequests(dns, trust=received[1], patience=PATIENCE)


async def tried_at(requests: WebhookRequests, url: str) -> Tried:
    """What becomes of a request, which ends in time."""
    async with asyncio.timeout(PATIENCE + 0.7):
        return await requests.post(url, BODY, {"webhook-id": "x"})
