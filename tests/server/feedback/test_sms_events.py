"""What the gateway of SMS tells: receipts and answers, signed, and without harm if they come again."""

import asyncio
import datetime
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.messages.events import message_events
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from models.statistics.tables import statistic_deltas
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from server.transports.webhook_signature import signature_headers
from tests.areas.fixtures import nothing_breaks
from tests.client.api import Api
from tests.world.block_list import give_entries
from tests.world.messages import give_message, give_sms, message_id
from tests.world.suppressions import ago, streams, unsubscribe
from tests.world.world import Account, Member, World

__all__ = ["nothing_breaks"]

_SECRET = b"the secret of the gateway"
_OTHER = b"the secret of another one"
_NUMBER, _SENDER = "+46701234567", "+46700000000"
_Told = list[tuple[str, str]]


@dataclass(frozen=True)
class Gateway:
    """It tells what it knows."""

    client: httpx.AsyncClient

    async def post(
        self,
        body: bytes,
        secret: bytes = _SECRET,
        at: datetime.datetime | None = None,
        key: str = "request-1",
        **headers: str,
    ) -> httpx.Response:
        """A signed request with this body."""
        signed = signature_headers((secret,), key, body, at or datetime.datetime.now(datetime.UTC))
        named = {"content-type": "application/json"} | signed
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/sms/events", content=body, headers=named)

    async def tell(self, *events: object) -> list[str]:
        """The outcomes."""
        answer = await self.post(orjson.dumps({"events": events}))
        assert answer.status_code == 200, answer.text
        return [each["outcome"] for each in answer.json()["outcomes"]]


@pytest.fixture(scope="module")
async def gateway(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Gateway]:
    own = settings.model_copy(update={"sms_secret": SecretStr(_SECRET.decode())})
    app = create_app(own, addresses.application)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    async with app.router.lifespan_context(app), client:
        yield Gateway(client)


@dataclass(frozen=True)
class Shop:
    """An account of a test's own, with numbers of its own, and who looks into it."""

    account: Account
    owner: Member
    number: str
    sender: str

    def answer(self, text: str = "STOP", at: str = "", **more: Any) -> dict[str, Any]:
        """The recipient answers."""
        at = at or ago(seconds=1)
        return {"type": "answer", "from": self.number, "to": self.sender, "text": text, "at": at, **more}


_made = iter(range(10_000))


async def _shop(world: World, account: Account | None = None) -> Shop:
    account = account or await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    number = next(_made)
    return Shop(account, owner, f"+4670174{number:04}", f"+4670074{number:04}")


@pytest.fixture
async def shop(world: World) -> Shop:
    return await _shop(world)


async def _sent(world: World, shop: Shop, **more: Any) -> uuid.UUID:
    return await give_sms(world, shop.account, shop.number, **{"sender": shop.sender, **more})


def _receipt(shop: Shop, key: uuid.UUID, status: str = "DELIVERED", **more: Any) -> dict[str, Any]:
    id_ = message_id(shop.account, key, SendStream.MARKETING)
    return {"type": "receipt", "id": id_, "status": status, "at": ago(seconds=1), **more}


async def _events(database: AsyncEngine, shop: Shop) -> _Told:
    event = message_events.c
    found = select(event.kind, event.diagnostic).where(event.account_id == shop.account.key)
    async with database.connect() as connection:
        return sorted((row.kind, row.diagnostic or "") for row in await connection.execute(found))


async def _counted(database: AsyncEngine, shop: Shop) -> dict[str, int]:
    delta = statistic_deltas.c
    number = func.sum(delta.number)
    found = select(delta.kind, number).where(delta.account_id == shop.account.key).group_by(delta.kind)
    async with database.connect() as connection:
        return {row[0]: int(row[1]) for row in await connection.execute(found)}


async def _open(api: Api, shop: Shop) -> str:
    """The streams on which the number can be sent to."""
    return await streams(api, shop.owner, shop.account, shop.number)


async def test_each_receipt_is_an_event(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """R79, T25. The statuses in one request: what is unknown is not recorded."""
    keys = [await _sent(world, shop) for _ in range(4)]
    told = [
        _receipt(shop, keys[0]),
        _receipt(shop, keys[1], "DELAYED", reason="phone\noff\x00 " + "x" * 2_000),
        _receipt(shop, keys[2], "UNKNOWN"),
        _receipt(shop, keys[3], "DELIVERED", reason="fine", cost="0.05"),
    ]
    assert await gateway.tell(*told) == ["RECORDED", "RECORDED", "NOTHING", "RECORDED"]
    assert await gateway.tell(*told) == ["KNOWN", "KNOWN", "NOTHING", "KNOWN"]
    cut = f"phone off {'x' * 990}"
    assert await _events(database, shop) == [("DELIVERED", ""), ("DELIVERED", ""), ("SOFT_BOUNCE", cut)]
    assert await _counted(database, shop) == {"DELIVERED": 2, "SOFT_BOUNCE": 1}
    assert await _open(api, shop) == "MT"


async def test_a_failure_for_good_excludes_the_number_once(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """T25: also if it comes three times at once."""
    receipt = _receipt(shop, await _sent(world, shop), "FAILED", reason="no such number")
    found = await asyncio.gather(*[gateway.tell(receipt) for _ in range(3)])
    assert sorted(found) == [["KNOWN"], ["KNOWN"], ["RECORDED"]]
    assert await _events(database, shop) == [("HARD_BOUNCE", "no such number")]
    assert await _counted(database, shop) == {"HARD_BOUNCE": 1}
    assert await _open(api, shop) == ""
    assert await streams(api, shop.owner, shop.account, "+46701999999") == "MT"


async def test_a_stop_unsubscribes_once(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """R77: on the marketing stream, also if it comes three times at once."""
    await _sent(world, shop)
    answer = shop.answer("Stop.")
    found = await asyncio.gather(*[gateway.tell(answer) for _ in range(3)])
    assert sorted(found) == [["KNOWN"], ["KNOWN"], ["RECORDED"]]
    assert await _events(database, shop) == [("UNSUBSCRIBE", "")]
    assert await _counted(database, shop) == {"UNSUBSCRIBE": 1}
    assert await _open(api, shop) == "T"


async def test_it_goes_to_whoever_wrote_last_from_there(gateway: Gateway, api: Api, world: World) -> None:
    """Of three trees with one sender: not what a test, another sender, or nobody yet has written. A marketing
    message is meant before a later transactional one."""
    first = await _shop(world)
    shops = [
        Shop(each.account, each.owner, first.number, first.sender)
        for each in [first, await _shop(world), await _shop(world), await _shop(world)]
    ]
    earlier, last, later, bank = shops
    await _sent(world, earlier, claimed_at=func.now() - datetime.timedelta(hours=2))
    await _sent(world, last, claimed_at=func.now() - datetime.timedelta(hours=1))
    await _sent(world, later, is_test=True)
    await _sent(world, later, sender="+46700999999")
    await _sent(world, later, status=MessageStatus.WAITING)
    await _sent(world, later, status=MessageStatus.FAILED)
    await _sent(world, bank, stream=SendStream.TRANSACTIONAL)
    assert await gateway.tell(first.answer()) == ["RECORDED"]
    assert [await _open(api, shop) for shop in shops] == ["MT", "T", "MT", "MT"]


async def test_where_there_is_no_marketing_the_last_message_is_meant(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await _sent(world, shop, stream=SendStream.TRANSACTIONAL, status=MessageStatus.CLAIMED)
    assert await gateway.tell(shop.answer()) == ["RECORDED"]
    assert await _open(api, shop) == "T"


async def test_start_lifts_what_the_person_said_and_nothing_else(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    """R68, T27. Old answers that come again, in any order, change nothing."""
    await _sent(world, shop)
    stop, start = shop.answer(at=ago(hours=2)), shop.answer("start", at=ago(hours=1))
    assert await gateway.tell(start) == ["KNOWN"]
    assert await gateway.tell(stop, start, stop, start) == ["RECORDED", "RECORDED", "KNOWN", "KNOWN"]
    assert await _open(api, shop) == "MT"
    assert await gateway.tell(shop.answer(at=ago(minutes=30)), start) == ["KNOWN", "KNOWN"]
    assert await _open(api, shop) == "T"
    await give_entries(world, shop.account, [shop.number])
    assert await gateway.tell(shop.answer("UNSTOP")) == ["RECORDED"]
    assert await _open(api, shop) == ""
    log = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { type before actor { id } } } } }"
    (event,) = (await api.read(log, shop.owner, id=shop.account.id))["account"]["events"]["nodes"]
    assert event == {"type": "CONTACT_RESUBSCRIBED", "before": {"unsubscribes": 1}, "actor": None}


async def test_stop_and_start_at_once_end_as_the_later_one_says(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await _sent(world, shop)
    await unsubscribe(api, shop.owner, shop.account, shop.number, at=ago(hours=3))
    start, stop = shop.answer("START", at=ago(hours=2)), shop.answer(at=ago(hours=1))
    await asyncio.gather(*[gateway.tell(each) for each in (start, stop, start, stop)])
    await gateway.tell(start, stop)
    assert await _open(api, shop) == "T"


async def test_what_is_of_nobody_changes_nothing(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    key, other = await _sent(world, shop), await _shop(world)
    mail = await give_message(world, shop.account, stream=SendStream.MARKETING)
    stream = message_id(shop.account, key, SendStream.TRANSACTIONAL)
    told = [
        shop.answer(**{"from": other.number}),
        shop.answer(to=other.sender),
        shop.answer(to="Verdant"),
        _receipt(shop, new_id(), "FAILED"),
        _receipt(other, key, "FAILED"),
        _receipt(shop, mail, "FAILED"),
        _receipt(shop, key, "FAILED", id=stream),
        _receipt(shop, key, "FAILED", id="gateway-7"),
    ]
    assert await gateway.tell(*told) == ["OF_NOBODY"] * len(told)
    assert await _events(database, shop) == await _events(database, other) == []
    assert await _open(api, shop) == "MT"


_WRONG: dict[str, tuple[object, str]] = {
    "no object": ("STOP", "An event must be an object."),
    "no type": ({"id": "x"}, "type: "),
    "another type": ({"type": "STOP"}, "type: "),
    "no status": ({"type": "receipt"}, "status: "),
    "another status": ({"type": "receipt", "status": "SENT"}, "status: "),
    "no time": ({"type": "receipt", "status": "FAILED"}, "at: "),
    "no id": ({"type": "receipt", "status": "FAILED", "at": ago(seconds=1)}, "id: "),
    "an id that is a number": ({"type": "receipt", "status": "FAILED", "at": ago(hours=1), "id": 7}, "id: "),
    "no number": ({"type": "answer", "to": _SENDER, "text": "STOP", "at": ago(hours=1)}, "from: "),
}
_WRONG_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "a number without its country": ({"from": "0701234567"}, "from: "),
    "a number of letters": ({"from": "Verdant"}, "from: "),
    "no sender": ({"to": None}, "to: "),
    "no text": ({"text": None}, "text: "),
    "no moment": ({"at": "yesterday"}, "at: "),
    "no offset": ({"at": "2026-11-30T12:00:00"}, "at: "),
    "the future": ({"at": ago(hours=-1)}, "at: "),
    "long ago": ({"at": ago(days=400)}, "at: "),
    "out of the calendar": ({"at": "0001-01-01T00:00:00+23:59"}, "at: "),
}


async def test_what_is_not_well_written_is_told_by_itself(gateway: Gateway, world: World, shop: Shop) -> None:
    """And stops nothing else of the request."""
    await _sent(world, shop)
    given = [event for event, _ in _WRONG.values()]
    given += [shop.answer() | change for change, _ in _WRONG_ANSWERS.values()]
    begins = [begin for _, begin in (*_WRONG.values(), *_WRONG_ANSWERS.values())]
    answer = await gateway.post(orjson.dumps({"events": [*given, shop.answer()]}))
    *wrong, last = answer.json()["outcomes"]
    found = [
        (each["outcome"], each["message"].startswith(begin))
        for each, begin in zip(wrong, begins, strict=True)
    ]
    assert found == [("MALFORMED", True)] * len(given), wrong
    assert last["outcome"] == "RECORDED"


async def test_who_is_not_the_gateway_changes_nothing(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await _sent(world, shop)
    body = orjson.dumps({"events": [shop.answer()]})
    now = datetime.datetime.now(datetime.UTC)
    signature = signature_headers((_SECRET,), "request-1", body, now)["webhook-signature"]
    refused = {
        "another secret": await gateway.post(body, _OTHER),
        "too old": await gateway.post(body, at=now - datetime.timedelta(minutes=6)),
        "of the future": await gateway.post(body, at=now + datetime.timedelta(minutes=6)),
        "another body": await gateway.post(body + b" ", at=now, webhook_signature=signature),
        "another id": await gateway.post(body, webhook_id="request-2"),
        "another moment": await gateway.post(body, webhook_timestamp=str(int(now.timestamp()) - 7)),
        "no moment": await gateway.post(body, webhook_timestamp="soon"),
        "another scheme": await gateway.post(body, webhook_signature="v2,AAAA"),
        "none": await gateway.client.post("/sms/events", content=body),
    }
    statuses = {
        why: (each.status_code, each.json()["errors"][0]["extensions"]["code"])
        for why, each in refused.items()
    }
    assert statuses == dict.fromkeys(refused, (401, "UNAUTHENTICATED"))
    assert await _open(api, shop) == "MT"
    rotated = await gateway.post(body, at=now, webhook_signature=f"v1,AAAA {signature}")
    assert rotated.json()["outcomes"][0]["outcome"] == "RECORDED"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"events": []}', 400),
        (b'{"events": {"type": "receipt"}}', 400),
        (b'{"events": [], "events": [1]}', 400),
        (orjson.dumps({"events": [1] * 1_001}), 400),
        (orjson.dumps({"id": "mmsg_1", "to": _NUMBER, "from": _SENDER, "text": "Hello"}), 400),
        (b" " * 1_000_001, 413),
    ],
)
async def test_requests_that_hold_no_events(gateway: Gateway, body: bytes, status: int) -> None:
    """Also one of ours that somebody sends back to us: it bears our signature."""
    assert (await gateway.post(body)).status_code == status


async def test_other_methods_and_forms(gateway: Gateway) -> None:
    body = orjson.dumps({"events": [1]})
    assert (await gateway.client.get("/sms/events")).status_code == 405
    assert (await gateway.post(body, content_type="text/plain")).status_code == 415
    assert (await gateway.post(body, content_encoding="gzip")).status_code == 415
