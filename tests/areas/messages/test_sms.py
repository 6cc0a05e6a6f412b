"""SMS: a text and a sender, counted by their parts, handed to a gateway."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
import uvicorn
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.messages.tables import messages
from models.settings.tables import SettingName
from server.transports.sms_gateway import SmsGateway
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.world.block_list import give_entries
from tests.world.messages import mail, send
from tests.world.settings import set_setting
from tests.world.world import World


@dataclass
class Gateway:
    """Takes what it gets, but for numbers in `refused`. Of those in `garbled` it does not say so."""

    refused: set[str] = field(default_factory=set)
    garbled: set[str] = field(default_factory=set)
    taken: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sms: dict[str, str] = orjson.loads(await Request(scope, receive).body())
        if sms["to"] in self.refused:
            await Response("Unknown number", 400)(scope, receive, send)
            return
        self.taken.append(sms)
        if sms["to"] in self.garbled:
            await Response("<html>", 200)(scope, receive, send)
            return
        await Response(orjson.dumps({"id": f"gateway-{len(self.taken)}"}), 202)(scope, receive, send)


@dataclass(frozen=True)
class SmsSite:
    """Workers with a gateway."""

    site: Site
    gateway: Gateway


@pytest.fixture
async def sms_site(site: Site) -> AsyncIterator[SmsSite]:
    gateway = Gateway()
    config = uvicorn.Config(gateway, log_config=None, lifespan="off", ws="none")
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    transport = SmsGateway(f"http://127.0.0.1:{listener.getsockname()[1]}/sms", b"a secret of the gateway")
    yield SmsSite(replace(site, sms=transport), gateway)
    await transport.close()
    server.should_exit = True
    await serving
    listener.close()


def _sms(key: str, to: str = "+46701234567", **more: Any) -> dict[str, Any]:
    return {"idempotencyKey": key, "to": to, "text": "Your code is 7", "from": "Verdant", **more}


async def test_an_sms_reaches_the_gateway_beside_mail(api: Api, shop: Shop, sms_site: SmsSite) -> None:
    given = [_sms("1", "+46 70 123 45 67"), mail("2"), _sms("3", "+46701234568")]
    sms_site.gateway.refused = {"+46701234568"}
    await send(api, shop.owner, shop.account, given)
    await sms_site.site.work(shop)
    (taken,) = sms_site.gateway.taken
    assert {name: taken[name] for name in ("to", "from", "text")} == {
        "to": "+46701234567",
        "from": "Verdant",
        "text": "Your code is 7",
    }
    assert sms_site.site.mailbox.recipients == ["ann@example.com"]
    assert {to: status for to, (status, _) in (await sms_site.site.statuses(shop)).items()} == {
        "+46 70 123 45 67": "SENT",
        "ann@example.com": "SENT",
        "+46701234568": "FAILED",
    }


async def test_its_parts_are_sends_and_the_gateways_id_is_kept(
    api: Api, shop: Shop, world: World, sms_site: SmsSite
) -> None:
    """Of 20 sends: 153 characters a part, or 67 where one of them is not in the alphabet of GSM."""
    await send(api, shop.owner, shop.account, [_sms("1", text="a" * 307), _sms("2", text="č" * 71)])
    await sms_site.site.work(shop)
    found = select(messages.c.sends, messages.c.reference).where(messages.c.account_id == shop.account.key)
    async with world.database.connect() as connection:
        rows = sorted(tuple(row) for row in await connection.execute(found))
    assert [row[0] for row in rows] == [2, 3]
    assert {row[1] for row in rows} == {"gateway-1", "gateway-2"}
    usage = "query ($id: ID!) { account(id: $id) { usage { sent } } }"
    assert (await api.read(usage, shop.owner, id=shop.account.id))["account"]["usage"]["sent"] == 5


async def test_a_national_number_is_one_of_the_accounts_country(
    api: Api, shop: Shop, world: World, sms_site: SmsSite
) -> None:
    await set_setting(world, shop.account, SettingName.DEFAULT_COUNTRY, "SE")
    await send(api, shop.owner, shop.account, [_sms("1", "070-123 45 67")])
    await sms_site.site.work(shop)
    assert sorted(sms["to"] for sms in sms_site.gateway.taken) == ["+46701234567"]


async def test_a_blocked_number_gets_nothing(api: Api, shop: Shop, world: World, sms_site: SmsSite) -> None:
    await give_entries(world, shop.master, ["+46701234567"])
    (outcome,) = await send(api, shop.owner, shop.account, [_sms("1")])
    assert outcome["error"]["code"] == "RECIPIENT_EXCLUDED"
    await sms_site.site.work(shop)
    assert (sms_site.gateway.taken, await sms_site.site.statuses(shop)) == ([], {})


async def test_without_a_gateway_an_sms_waits_and_mail_does_not(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [_sms("1"), mail("2")])
    await site.work(shop)
    await site.work(shop)
    assert {to: status for to, (status, _) in (await site.statuses(shop)).items()} == {
        "+46701234567": "WAITING",
        "ann@example.com": "SENT",
    }
    assert await site.queued(shop) == 1


_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no sender": ({"from": None}, "from"),
    "a sender that is too long": ({"from": "Verdant Shop 24"}, "from"),
    "a sender of digits without a country": ({"from": "0701234567"}, "from"),
    "a sender in two lines": ({"from": "Ver\ndant"}, "from"),
    "no text": ({"text": None}, "text"),
    "a text of spaces": ({"text": "  "}, "text"),
    "too many parts": ({"text": "a" * 1_531}, "text"),
    "a control character": ({"text": "a\x07"}, "text"),
    "a subject": ({"subject": "Hello"}, "subject"),
    "HTML": ({"html": "<p>Hello</p>"}, "html"),
    "an address for answers": ({"replyTo": "a@example.com"}, "replyTo"),
    "headers": ({"headers": [{"name": "X-A", "value": "b"}]}, "headers"),
    "variables": ({"variables": {"a": 1}}, "variables"),
    "a number without a country": ({"to": "0701234567"}, "to"),
}


@pytest.mark.parametrize("name", _WRONG)
async def test_what_no_sms_is(api: Api, shop: Shop, site: Site, name: str) -> None:
    change, field = _WRONG[name]
    (outcome,) = await send(api, shop.owner, shop.account, [{**_sms("1"), **change}])
    assert (outcome["error"]["code"], outcome["error"]["field"][-1]) == ("BAD_USER_INPUT", field)
    assert await site.statuses(shop) == {}


@pytest.mark.parametrize("sender", ["Verdant", "A1", "Shop & Co", "+46701234567"])
async def test_who_an_sms_can_come_from(api: Api, shop: Shop, sender: str) -> None:
    (outcome,) = await send(api, shop.owner, shop.account, [{**_sms("1"), "from": sender}])
    assert outcome["error"] is None


async def test_an_answer_that_is_garbage_leaves_a_doubt_and_nothing_goes_twice(
    api: Api, shop: Shop, sms_site: SmsSite
) -> None:
    """A gateway that answers 200 and garbage has perhaps taken it."""
    sms_site.gateway.garbled = {"+46701234567"}
    await send(api, shop.owner, shop.account, [_sms("1"), _sms("2", "+46701234568")])
    for _ in range(2):
        await sms_site.site.work(shop)
        await sms_site.site.let_pass(shop, hours=1)
    found = await sms_site.site.statuses(shop)
    assert {to: status for to, (status, _) in found.items()} == {
        "+46701234567": "DOUBTFUL",
        "+46701234568": "SENT",
    }
    assert sorted(sms["to"] for sms in sms_site.gateway.taken) == ["+46701234567", "+46701234568"]
