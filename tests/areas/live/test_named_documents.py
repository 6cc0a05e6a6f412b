"""Documents that are named by their hash, and servers that run the listed ones alone: by sockets and event
streams as by any other request."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import PATIENCE, Served, Socket, serving, signed_in
from tests.areas.live.test_event_streams import told
from tests.client.api import Caller
from tests.world.world import Account, Member, World

_USAGE = "subscription Usage($id: ID!) { usage(accountId: $id) { sent } }"
_NAME = "query Name($id: ID!) { account(id: $id) { name } }"
_OTHER = "subscription ($id: ID!) { usage(accountId: $id) { startsAt } }"


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


@pytest.fixture
def trusting(addresses: DatabaseAddresses, tmp_path: Path) -> Iterator[Served]:
    """A server with a list of documents."""
    bodies = {"usage": _USAGE, "name": _NAME}
    operations = [{"id": id_, "name": id_, "type": "query", "body": body} for id_, body in bodies.items()]
    manifest = tmp_path / "manifest.json"
    listed = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    manifest.write_text(json.dumps(listed), encoding="utf-8")
    with serving(Settings(documents=manifest, smtp_url=None), addresses.application) as found:
        yield found


def _named(id_: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id_}}}


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def _asked(socket: Socket, account: Account, **payload: Any) -> Any:
    """The code that it is refused with, or the first data."""
    payload = {"variables": {"id": account.id}, **payload}
    await socket.send(id="1", type="subscribe", payload=payload)
    message = await socket.message()
    assert message["id"] == "1"
    if message["type"] == "error":
        return message["payload"][0]["extensions"]["code"]
    if not payload.get("query", _USAGE).startswith("query"):
        await socket.send(id="1", type="complete")
    else:
        assert (await socket.message())["type"] == "complete"
    return message["payload"]["data"]


async def _streamed(served: Served, caller: Caller, account: Account, **payload: Any) -> Any:
    """The same by an event stream."""
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {caller.token}"}
    body = {"variables": {"id": account.id}, **payload}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("POST", served.url, json=body, headers=headers) as response,
    ):
        if response.headers["content-type"].startswith("text/event-stream"):
            _, first = await anext(told(response))
            return first["data"]
        return json.loads(await response.aread())["errors"][0]["extensions"]["code"]


async def test_what_is_listed_runs_and_nothing_else(
    trusting: Served, account: Account, owner: Member
) -> None:
    usage, refused = {"usage": {"sent": 0}}, "DOCUMENT_NOT_TRUSTED"
    async with signed_in(trusting, owner) as socket:
        assert await _asked(socket, account, **_named("usage")) == usage
        assert await _asked(socket, account, query=_USAGE) == usage
        for other in (
            {"query": _OTHER},
            {"query": _USAGE + " "},
            {"query": _OTHER, **_named("usage")},
            {"query": "query { viewer { id } }"},
            _named("ab"),
        ):
            assert await _asked(socket, account, **other) == refused
        # The socket stays open for what is listed.
        assert await _asked(socket, account, query=_NAME) == {"account": {"name": account.name}}
    assert await _streamed(trusting, owner, account, **_named("usage")) == usage
    assert await _streamed(trusting, owner, account, query=_USAGE) == usage
    for other in ({"query": _OTHER}, {"query": _OTHER, **_named("usage")}, _named("ab")):
        assert await _streamed(trusting, owner, account, **other) == refused


async def test_a_hash_stands_for_a_text_that_was_sent_with_it(
    served: Served, account: Account, owner: Member
) -> None:
    """By a socket first, and then by whatever carries the hash."""
    text = f"{_USAGE} # {account.id}"
    usage, named = {"usage": {"sent": 0}}, _named(_hash(text))
    async with signed_in(served, owner) as socket:
        assert await _asked(socket, account, **named) == "PERSISTED_QUERY_NOT_FOUND"
        assert await _asked(socket, account, query=f"{text} ", **named) == "BAD_USER_INPUT"
        assert await _asked(socket, account, **named) == "PERSISTED_QUERY_NOT_FOUND"
        assert await _asked(socket, account, query=text, **named) == usage
        assert await _asked(socket, account, **named) == usage
    assert await _streamed(served, owner, account, **named) == usage


async def test_a_text_that_is_not_valid_is_not_kept(served: Served, account: Account, owner: Member) -> None:
    text = "subscription { nothing }"
    async with signed_in(served, owner) as socket:
        assert await _asked(socket, account, query=text, **_named(_hash(text))) == "BAD_USER_INPUT"
        assert await _asked(socket, account, **_named(_hash(text))) == "PERSISTED_QUERY_NOT_FOUND"
