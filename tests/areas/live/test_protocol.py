"""graphql-transport-ws to the letter: what a client may send, and with which code it is left."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.live import streams
from server.settings.settings import Settings
from tests.areas.live.serving import PROTOCOL, Served, Socket, opened, serving, signed_in, without_cost
from tests.world.world import ApiKey, World

VIEWER = "{ viewer { apiKey { lastFour } } }"
USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent } }"

NO_MESSAGES = [
    "",
    "{",
    "[]",
    "null",
    "1",
    '"ping"',
    '[{"type":"ping"}]',
    "{}",
    '{"type":null}',
    '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}',
    '{"type":"connection_ack"}',
    '{"type":"ping","payload":[]}',
    '{"type":"pong","payload":1}',
    '{"type":"connection_init","payload":"Bearer x"}',
    '{"type":"ping","type":"ping"}',
    '{"type":"ping","payload":{"n":' + "1" * 400 + "}}",
    '{"type":"ping","payload":' + "[" * 5_000 + "]" * 5_000 + "}",
]
NO_SUBSCRIPTIONS = [
    {"type": "subscribe", "payload": {"query": "{ __typename }"}},
    {"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}},
    {"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}},
    {"type": "subscribe", "id": "i" * 201, "payload": {"query": "{ __typename }"}},
    {"type": "subscribe", "id": "1"},
    {"type": "subscribe", "id": "1", "payload": "{ __typename }"},
    {"type": "subscribe", "id": "1", "payload": {"query": 1}},
    {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}},
    {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 1}},
    {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "extensions": "x"}},
    {"type": "complete"},
    {"type": "complete", "id": None},
]


@pytest.fixture
async def key(world: World) -> ApiKey:
    return await world.api_key(await world.account(), BuiltinRole.ADMINISTRATOR)


@pytest.mark.parametrize("protocols", [None, [Subprotocol("graphql-ws")]])
async def test_no_other_protocol_is_spoken(served: Served, protocols: list[Subprotocol] | None) -> None:
    async with opened(served, subprotocols=protocols) as socket:
        assert socket.connection.subprotocol is None
        assert await socket.closed() == 4406


async def test_ours_is_chosen_among_others(served: Served) -> None:
    async with opened(served, subprotocols=[Subprotocol("graphql-ws"), PROTOCOL]) as socket:
        assert socket.connection.subprotocol == PROTOCOL


@pytest.mark.parametrize("text", NO_MESSAGES)
async def test_what_is_no_message_closes_the_socket(served: Served, text: str) -> None:
    async with opened(served) as socket:
        await socket.connection.send(text)
        assert await socket.closed() == 4400


async def test_bytes_are_no_message(served: Served) -> None:
    async with opened(served) as socket:
        await socket.connection.send(b'{"type":"ping"}')
        assert await socket.closed() == 4400


@pytest.mark.parametrize("message", NO_SUBSCRIPTIONS)
async def test_what_is_no_subscription_closes_the_socket(
    served: Served, key: ApiKey, message: dict[str, Any]
) -> None:
    async with signed_in(served, key) as socket:
        await socket.send(**message)
        assert await socket.closed() == 4400


async def test_who_does_not_say_who_it_is_has_five_seconds(served: Served) -> None:
    async with opened(served) as socket:
        await socket.send(type="ping")
        assert await socket.message() == {"type": "pong"}
        assert await socket.silent(4.5)
        assert await socket.closed() == 4408


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"authorization": "Bearer nobody"}, {"authorization": "Basic eDp5"}, {"token": 1}],
)
async def test_who_is_nobody_is_left(served: Served, payload: object) -> None:
    async with opened(served) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.closed() == 4401


@pytest.mark.parametrize("name", ["authorization", "Authorization", "token"])
async def test_the_token_is_given_as_clients_give_it(served: Served, key: ApiKey, name: str) -> None:
    async with opened(served) as socket:
        value = key.token if name == "token" else f"Bearer {key.token}"
        await socket.send(type="connection_init", payload={name: value})
        assert await socket.message() == {"type": "connection_ack"}


async def test_nothing_is_asked_before(served: Served) -> None:
    async with opened(served) as socket:
        await socket.subscribe("1", VIEWER)
        assert await socket.closed() == 4401


async def test_it_is_said_once(served: Served, key: ApiKey) -> None:
    async with signed_in(served, key) as socket:
        await socket.send(type="connection_init", payload={"token": key.token})
        assert await socket.closed() == 4429


async def test_an_id_is_of_one_operation(served: Served, world: World) -> None:
    account = await world.account()
    key = await world.api_key(account)
    async with signed_in(served, key) as socket:
        await socket.subscribe("1", USAGE, id=account.id)
        await socket.next_of("1")
        await socket.subscribe("1", USAGE, id=account.id)
        assert await socket.closed() == 4409


async def test_an_id_is_free_again(served: Served, world: World) -> None:
    account = await world.account()
    async with signed_in(served, await world.api_key(account)) as socket:
        for _ in range(3):
            await socket.subscribe("1", USAGE, id=account.id)
            await socket.next_of("1")
            await socket.send(type="complete", id="1")
        await socket.send(type="complete", id="of nobody")
        await socket.subscribe("1", VIEWER)
        await socket.next_of("1")
        await socket.next_of("1", "complete")
        await socket.subscribe("1", VIEWER)
        await socket.next_of("1")


async def test_queries_and_mutations_are_answered(served: Served, key: ApiKey) -> None:
    async with signed_in(served, key) as socket:
        await socket.subscribe("a", VIEWER)
        told = without_cost(await socket.next_of("a"))
        assert told == {"data": {"viewer": {"apiKey": {"lastFour": key.token[-4:]}}}}
        await socket.next_of("a", "complete")
        mutation = (
            'mutation { accountUpdate(input: {accountId: "x", expectedVersion: 1}) { userErrors { code } } }'
        )
        await socket.subscribe("b", mutation)
        told = await socket.next_of("b")
        assert told["data"]["accountUpdate"]["userErrors"] == [{"code": "NOT_FOUND"}]
        await socket.next_of("b", "complete")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "BAD_USER_INPUT"),
        ("subscription { usage { sent } }", "BAD_USER_INPUT"),
        ("subscription { usage(accountId: 7) { sent } job(id: 7) { status } }", "BAD_USER_INPUT"),
        ("subscription ($id: ID!) { usage(accountId: $id) { sent } }", "BAD_USER_INPUT"),
        ('subscription { usage(accountId: "x") @skip(if: true) { sent } }', "BAD_USER_INPUT"),
        ('subscription { usage(accountId: "x") { sent } }', "NOT_FOUND"),
        ('subscription { events(accountId: "x", first: 0) { nodes { id } } }', "BAD_USER_INPUT"),
        ('subscription { job(id: "x") { status } }', "NOT_FOUND"),
        ('subscription { campaign(id: "x") { status } }', "NOT_FOUND"),
        ("{ __typename } { __typename }", "BAD_USER_INPUT"),
        ("{ a: __schema { types { name } } " + "b: viewer { id } " * 3_000 + "}", "COST_EXCEEDED"),
    ],
)
async def test_a_refused_operation_ends_alone(served: Served, key: ApiKey, query: str, code: str) -> None:
    async with signed_in(served, key) as socket:
        await socket.subscribe("1", query)
        (error,) = await socket.next_of("1", "error")
        assert error["extensions"]["code"] == code
        await socket.send(type="ping")
        assert await socket.message() == {"type": "pong"}


async def test_a_socket_has_fifty_operations(served: Served, world: World) -> None:
    account = await world.account()
    async with signed_in(served, await world.api_key(account)) as socket:
        for number in range(51):
            await socket.subscribe(str(number), USAGE, id=account.id)
        found = [await socket.message() for _ in range(51)]
        (refused,) = (each for each in found if each["type"] == "error")
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("50", "RATE_LIMITED")
        await socket.send(type="complete", id="7")
        await socket.subscribe("50", USAGE, id=account.id)
        await socket.next_of("50")


async def test_ten_thousand_messages_at_once(served: Served, key: ApiKey) -> None:
    async with signed_in(served, key) as socket:
        sending = asyncio.create_task(_flood(socket))
        for _ in range(10_000):
            assert (await socket.message())["type"] in {"pong", "error"}
        await sending
        await socket.subscribe("last", VIEWER)
        await socket.next_of("last")


async def _flood(socket: Socket) -> None:
    for number in range(5_000):
        await socket.send(type="ping")
        await socket.subscribe(str(number), "{ nothing }")
        await socket.send(type="complete", id="of nobody")


async def test_ten_megabytes_are_too_much(served: Served, key: ApiKey) -> None:
    async with signed_in(served, key) as socket:
        message = json.dumps({"type": "ping", "payload": {"x": "x" * 10_000_000}})
        sending = asyncio.create_task(socket.connection.send(message))
        assert await socket.closed() == 1009
        await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"origin": Origin("https://evil.example")}, 403),
        ({"additional_headers": {"Host": "evil.example"}}, 400),
        ({}, 429),
    ],
    ids=["origin", "host", "too many"],
)
async def test_a_refused_handshake_is_no_fault_of_the_server(
    served: Served,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    status: int,
) -> None:
    """No stranger writes errors into the log."""
    if not options:
        monkeypatch.setattr(streams, "MOST_NAMELESS", 0)
    with pytest.raises(InvalidStatus) as refused:
        async with opened(served, **options):
            pass
    assert refused.value.response.status_code == status
    await asyncio.sleep(0.2)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_pages_of_other_servers_are_refused(served: Served, key: ApiKey) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(served, origin=Origin("https://evil.example")):
            pass
    response = refused.value.response
    assert response.status_code == 403
    (error,) = json.loads(response.body or b"")["errors"]
    assert error["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"
    async with signed_in(served, key, origin=Origin(f"http://{served.address}")):
        pass


async def test_pages_of_allowed_origins_are_let_in(
    settings: Settings, addresses: DatabaseAddresses, key: ApiKey
) -> None:
    allowed = settings.model_copy(update={"allowed_origins": "https://app.example.com"})
    running = serving(allowed, addresses.application)
    served = await asyncio.to_thread(running.__enter__)
    try:
        async with signed_in(served, key, origin=Origin("https://app.example.com")):
            pass
        with pytest.raises(InvalidStatus):
            async with opened(served, origin=Origin("https://app.example.com.evil.example")):
                pass
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
