"""Where requests go: the addresses that a name leads to."""

import asyncio

import pytest

from models.webhooks.tables import WebhookProblem
from resolvers.webhooks.requests import WebhookRequests
from tests.areas.domains.name_server import Zone, free_port
from tests.areas.webhooks.receiver import (
    HOST,
    Answering,
    Receiver,
    close,
    status,
)
from tests.areas.webhooks.requesting import (
    PATIENCE,
    dns,
    private,
    public,
    received,
    receiver,
    tried_at,
    zone,
)

__all__ = ["dns", "private", "public", "received", "receiver", "zone"]


@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        ("A", ["127.0.0.1"]),
        ("A", ["1.1.1.1", "127.0.0.1"]),
        ("A", ["127.0.0.1", "1.1.1.1"]),
        ("A", ["169.254.169.254"]),
        ("AAAA", ["::1"]),
        ("AAAA", ["::ffff:7f00:1"]),
        ("AAAA", ["64:ff9b::7f00:1"]),
    ],
)
async def test_a_name_that_leads_inside_is_not_asked(
    public: WebhookRequests, receiver: Receiver, zone: Zone, kind: str, addresses: list[str]
) -> None:
    zone.withdraw(HOST)
    zone.publish(kind, HOST, *addresses)
    tried = await tried_at(public, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.ADDRESS_NOT_ALLOWED)
    assert not receiver.taken


async def test_one_private_address_beside_a_public_one_is_enough(
    public: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.publish("A", HOST, "1.1.1.1")
    zone.publish("AAAA", HOST, "::1")
    assert (await tried_at(public, receiver.url("/in"))).problem is WebhookProblem.ADDRESS_NOT_ALLOWED


async def test_a_name_is_resolved_once_for_each_request(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    """So a name that leads elsewhere between the check and the connection leads nowhere."""
    await tried_at(private, receiver.url("/in"))
    assert sorted(zone.asked) == [("A", HOST), ("AAAA", HOST)]
    zone.publish("A", HOST, "127.0.0.2")  # nobody listens there
    assert (await tried_at(private, receiver.url("/in"))).problem is not None
    assert len(receiver.taken) == 1


async def test_an_alias_of_a_private_name_leads_nowhere(
    public: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.withdraw(HOST)
    zone.publish("CNAME", HOST, "inside.example.org")
    zone.publish("A", "inside.example.org", "127.0.0.1")
    assert (await tried_at(public, receiver.url("/in"))).problem is not None
    assert not receiver.taken


@pytest.mark.parametrize("kind", ["refuses", "says nothing"])
async def test_the_next_address_has_its_turn(
    private: WebhookRequests, receiver: Receiver, zone: Zone, kind: str
) -> None:
    """Where nobody listens, and where no connection is made in time."""
    zone.publish("A", HOST, "127.0.0.2", "127.0.0.1")
    silent = None
    if kind == "says nothing":
        silent = await asyncio.start_server(_say_nothing, "127.0.0.2", receiver.port)
    try:
        tried = await tried_at(private, receiver.url("/in"))
    finally:
        if silent is not None:
            silent.close()
    assert (tried.status_code, tried.problem) == (204, None)
    (taken,) = receiver.taken
    assert taken.headers["host"] == f"{HOST}:{receiver.port}"


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection, and nothing more."""
    await reader.read()
    writer.close()


async def test_an_address_of_the_other_kind_has_its_turn(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    """Those of IPv4 come first."""
    zone.publish("A", HOST, "127.0.0.2")
    zone.publish("AAAA", HOST, "::ffff:7f00:1")
    assert (await tried_at(private, receiver.url("/in"))).status_code == 204


@pytest.mark.parametrize("answering", [close, status(500)])
async def test_what_was_sent_is_not_sent_elsewhere(
    private: WebhookRequests, zone: Zone, answering: Answering
) -> None:
    first, second = Receiver(scheme="http", otherwise=answering), Receiver(scheme="http")
    one = await asyncio.start_server(first.serve, "127.0.0.2", 0)
    first.port = one.sockets[0].getsockname()[1]
    other = await asyncio.start_server(second.serve, "127.0.0.1", first.port)
    zone.publish("A", HOST, "127.0.0.2", "127.0.0.1")
    try:
        tried = await tried_at(private, first.url("/in"))
    finally:
        one.close()
        other.close()
    assert tried.problem in (WebhookProblem.NOT_ANSWERED, WebhookProblem.REFUSED)
    assert (len(first.taken), len(second.taken)) == (1, 0)


async def test_of_many_addresses_four_are_tried_in_time(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    """None of them is silent for longer than its share."""
    silent = [f"127.0.0.{number}" for number in range(2, 6)]
    zone.publish("A", HOST, *silent, "127.0.0.1")
    servers = [await asyncio.start_server(_say_nothing, address, receiver.port) for address in silent]
    try:
        tried = await tried_at(private, receiver.url("/in"))
    finally:
        for server in servers:
            server.close()
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.TIMED_OUT)
    assert tried.milliseconds < PATIENCE * 1000
    assert not receiver.taken


async def test_all_addresses_are_silent_or_refuse(private: WebhookRequests, zone: Zone) -> None:
    zone.publish("A", HOST, "127.0.0.2", "127.0.0.3")
    tried = await tried_at(private, f"https://{HOST}:{free_port()}/in")
    assert tried.problem is WebhookProblem.NOT_CONNECTED
