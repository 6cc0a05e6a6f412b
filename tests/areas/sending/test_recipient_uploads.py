"""Uploading a list of recipients: who may, what comes of it, and that a broken one leaves nothing (N11)."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.types import Message, Scope

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from server.uploads import places, recipients
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.recipients import addresses, code_of, let_lists_end, lists_of, upload, uploaded
from tests.world.world import World

_NODE = """query ($id: ID!) { node(id: $id) { ... on RecipientList { id recipients account { id }
  createdAt expiresAt } } }"""


async def test_a_list_is_taken_and_told_of(api: Api, brand: Brand, database: AsyncEngine) -> None:
    content = addresses("ann", "bob", "ANN") + "no address\n\n"
    answer = (await upload(api, brand.owner, brand.us, content)).json()
    shown = (await api.read(_NODE, brand.owner, id=answer["id"]))["node"]
    assert answer == {
        "id": shown["id"],
        "recipients": 2,
        "malformed": 1,
        "malformedLines": [4],
        "duplicates": 1,
        "expiresAt": shown["expiresAt"],
    }
    assert (shown["recipients"], shown["account"]) == (2, {"id": brand.us.id})
    (digests,) = (await lists_of(database, brand.us)).values()
    assert digests == sorted(digests)
    assert len(set(digests)) == 2
    (event,) = await events_of(api, brand.owner, brand.us.id)
    assert (event["type"], event["after"]) == ("RECIPIENTS_UPLOADED", {"recipients": 2})


async def test_a_list_that_takes_several_writes(api: Api, brand: Brand, database: AsyncEngine) -> None:
    count = 12_345
    made = await uploaded(api, brand.owner, brand.us, addresses(*[f"n{n}" for n in range(count)]))
    digests = (await lists_of(database, brand.us))[made]
    assert digests == sorted(digests)
    assert len(set(digests)) == count


async def test_who_may_send_may_upload(api: Api, brand: Brand, world: World) -> None:
    """On any stream; nobody else, and not from elsewhere (R7, N20)."""
    transactional = mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND})
    elsewhere = await world.member(await world.account(), BuiltinRole.OWNER)
    beside = await world.member(brand.uk, BuiltinRole.OWNER)
    analyst = await world.member(brand.us, BuiltinRole.ANALYST)
    before = await world.state(brand.master)
    for caller, code in (
        (None, "401 UNAUTHENTICATED"),
        (analyst, "403 FORBIDDEN"),
        (beside, "404 NOT_FOUND"),
        (elsewhere, "404 NOT_FOUND"),
    ):
        assert code_of(await upload(api, caller, brand.us, addresses("ann"))) == code
    (error,) = (await upload(api, analyst, brand.us, addresses("ann"))).json()["errors"]
    assert error["message"] == "You need CAMPAIGNS_SEND or TRANSACTIONAL_SEND in this account."
    headers = {"authorization": "Bearer nonsense", "content-type": "text/plain"}
    query = {"accountId": brand.us.id}
    unknown = await api.http.post("/recipients", params=query, content="a@b.com", headers=headers)
    assert code_of(unknown) == "401 UNAUTHENTICATED"
    assert await world.state(brand.master) == before
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    for sender in (marketer, await world.api_key(brand.us, scopes=transactional)):
        await uploaded(api, sender, brand.us, addresses("ann"))


async def test_not_while_suspended(api: Api, brand: Brand, world: World) -> None:
    await world.set_status(brand.us, AccountStatus.SUSPENDED)
    before = await world.state(brand.master)
    assert code_of(await upload(api, brand.owner, brand.us, addresses("ann"))) == "400 ACCOUNT_SUSPENDED"
    assert await world.state(brand.master) == before


async def test_a_list_is_seen_by_who_may_send(api: Api, brand: Brand, world: World) -> None:
    made = await uploaded(api, brand.owner, brand.us, addresses("ann"))
    for role, seen in ((BuiltinRole.MARKETER, True), (BuiltinRole.FINANCE, False)):
        caller = await world.member(brand.us, role)
        assert ((await api.read(_NODE, caller, id=made))["node"] is not None) == seen
    beside = await world.member(brand.uk, BuiltinRole.OWNER)
    assert (await api.read(_NODE, beside, id=made))["node"] is None


async def test_malformed_requests(api: Api, brand: Brand, world: World) -> None:
    before = await world.state(brand.master)
    headers = {"authorization": f"Bearer {brand.owner.token}", "content-type": "text/plain"}
    good = {"accountId": brand.us.id}
    for query, code in (
        ({}, "400 BAD_USER_INPUT"),
        (good | {"form": "addresses"}, "400 BAD_USER_INPUT"),
        (good | {"other": "1"}, "400 BAD_USER_INPUT"),
        ({"accountId": [brand.us.id, brand.us.id]}, "400 BAD_USER_INPUT"),
        ({"accountId": "nonsense"}, "404 NOT_FOUND"),
        ({"accountId": brand.us.id.upper()}, "404 NOT_FOUND"),
        ({"accountId": "\N{GRINNING FACE}" * 50}, "404 NOT_FOUND"),
    ):
        response = await api.http.post("/recipients", params=query, content="a@b.com", headers=headers)
        assert code_of(response) == code, query
    for content_type in ("", "application/json", "text/html", "text/plain; charset=latin-1", "text/csv2"):
        response = await upload(api, brand.owner, brand.us, "a@b.com", content_type=content_type)
        assert code_of(response) == "415 UNSUPPORTED_MEDIA_TYPE", content_type
    encoded = headers | {"content-encoding": "gzip"}
    response = await api.http.post("/recipients", params=good, content="a@b.com", headers=encoded)
    assert code_of(response) == "415 UNSUPPORTED_MEDIA_TYPE"
    for method in ("GET", "PUT", "DELETE"):
        response = await api.http.request(method, "/recipients", params=good, headers=headers)
        assert code_of(response) == "405 METHOD_NOT_ALLOWED"
        assert response.headers["allow"] == "POST"
    for content in ("", "\n\n", "no address", b"\x00\xff", "a" * 2000):
        assert code_of(await upload(api, brand.owner, brand.us, content)) == "400 BAD_USER_INPUT"
    assert await world.state(brand.master) == before
    for content_type in ('text/csv; header=absent; charset="UTF-8"', "TEXT/PLAIN"):
        response = await upload(api, brand.owner, brand.us, '"a@b.com"', content_type=content_type)
        assert code_of(response) == "201"


@pytest.fixture
async def narrow(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """A server that takes lists of five."""
    app: Starlette = create_app(settings.model_copy(update={"recipient_limit": 5}), addresses.application)
    async with app.router.lifespan_context(app), Api.of(app) as api:
        yield api


async def test_a_list_may_be_so_long_and_no_longer(narrow: Api, brand: Brand, world: World) -> None:
    before = await world.state(brand.master)
    names = [f"n{number}" for number in range(6)]
    assert code_of(await upload(narrow, brand.owner, brand.us, addresses(*names))) == "400 BAD_USER_INPUT"
    large = addresses("ann") + "\n" * 500
    assert code_of(await upload(narrow, brand.owner, brand.us, large)) == "413 PAYLOAD_TOO_LARGE"
    assert await world.state(brand.master) == before
    assert code_of(await upload(narrow, brand.owner, brand.us, addresses(*names[:5]))) == "201"


class _Client:
    """Sends a list piece by piece, when it is told to."""

    def __init__(self, api: Api, brand: Brand) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.heard = asyncio.Event()
        """The server has taken the first piece, and asks for the next."""
        headers = {"authorization": f"Bearer {brand.owner.token}", "content-type": "text/plain"}
        query = {"accountId": brand.us.id}
        request = api.http.post("/recipients", params=query, content=self._body(), headers=headers)
        self.answer: asyncio.Task[httpx.Response] = asyncio.create_task(request)

    def send(self, piece: bytes | None) -> None:
        """None: that was all."""
        self._pieces.put_nowait(piece)

    async def _body(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
            self.heard.set()


async def test_so_many_at_once_and_no_more(narrow: Api, brand: Brand) -> None:
    """A slow client takes a place of its tree, and no connection to the database."""
    clients = [_Client(narrow, brand) for _ in range(places.UPLOADS_OF_A_TREE)]
    for client in clients:
        client.send(b"ann@exam")
    for client in clients:
        await client.heard.wait()
    refused = await upload(narrow, brand.owner, brand.uk, addresses("ann"))
    assert code_of(refused) == "429 RATE_LIMITED"
    assert refused.headers["retry-after"] == str(places.RETRY_SECONDS)
    for client in clients:
        client.send(b"ple.com")
        client.send(None)
        assert code_of(await client.answer) == "201"
    assert code_of(await upload(narrow, brand.owner, brand.uk, addresses("ann"))) == "201"


async def test_a_client_that_is_too_slow(
    narrow: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await world.state(brand.master)
    monkeypatch.setattr(places, "UPLOAD_SECONDS", 0.05)
    client = _Client(narrow, brand)
    client.send(b"ann@example.com\n")
    assert code_of(await client.answer) == "408 REQUEST_TIMEOUT"
    assert await world.state(brand.master) == before


async def test_a_client_that_goes_away_leaves_nothing(narrow: Api, brand: Brand, world: World) -> None:
    before = await world.state(brand.master)
    for _ in range(places.UPLOADS_OF_A_TREE + 1):
        client = _Client(narrow, brand)
        client.send(b"ann@example.com\n")
        await client.heard.wait()
        client.answer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.answer
    assert await world.state(brand.master) == before


async def test_a_connection_that_breaks_leaves_nothing(app: Starlette, brand: Brand, world: World) -> None:
    before = await world.state(brand.master)
    token = f"Bearer {brand.owner.token}".encode()
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/recipients",
        "query_string": f"accountId={brand.us.id}".encode(),
        "headers": [(b"host", b"localhost"), (b"content-type", b"text/plain"), (b"authorization", token)],
        "client": ("127.0.0.1", 1),
    }
    messages: list[Message] = [
        {"type": "http.request", "body": b"ann@example.com\n", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert (messages, sent) == ([], [])
    assert await world.state(brand.master) == before


async def test_whoever_loses_the_right_meanwhile_stores_nothing(
    narrow: Api, brand: Brand, world: World
) -> None:
    """T8: rights are read once more when the list is stored."""
    client = _Client(narrow, brand)
    client.send(b"ann@example.com\n")
    await client.heard.wait()
    await world.set_status(brand.us, AccountStatus.SUSPENDED)
    before = await world.state(brand.master)
    client.send(None)
    assert code_of(await client.answer) == "400 ACCOUNT_SUSPENDED"
    assert await world.state(brand.master) == before


async def test_only_so_many_an_hour(
    narrow: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "UPLOADS_AN_HOUR", 2)
    for _ in range(2):
        await uploaded(narrow, brand.owner, brand.us, addresses("ann"))
    before = await world.state(brand.master)
    refused = await upload(narrow, brand.owner, brand.us, addresses("ann"))
    assert code_of(refused) == "429 RATE_LIMITED"
    (error,) = refused.json()["errors"]
    assert 1 <= error["extensions"]["retryAfter"] <= 3600
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfter"])
    assert await world.state(brand.master) == before
    await uploaded(narrow, brand.owner, brand.uk, addresses("ann"))


async def test_lists_are_deleted_an_hour_after_their_end(
    api: Api, brand: Brand, database: AsyncEngine
) -> None:
    """By whoever uploads next; until then nobody can name them."""
    made = await uploaded(api, brand.owner, brand.us, addresses("ann"))
    await let_lists_end(database, brand.us, minutes=59)
    assert (await api.read(_NODE, brand.owner, id=made))["node"] is None
    kept = await uploaded(api, brand.owner, brand.uk, addresses("ann"))
    assert set(await lists_of(database, brand.us)) == {made}
    await let_lists_end(database, brand.us, minutes=61)
    await uploaded(api, brand.owner, brand.master, addresses("ann"))
    assert await lists_of(database, brand.us) == {}
    assert set(await lists_of(database, brand.uk)) == {kept}
