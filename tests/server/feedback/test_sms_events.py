"""What the gateway of SMS tells: receipts and answers, without harm if they come again."""

import asyncio
import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from tests.client.api import Api
from tests.server.feedback.sms_gateway import (
    Gateway,
    Shop,
    counted,
    events_of_account,
    make_shop,
    open_streams,
    receipt_of,
    sent,
)
from tests.world.block_list import give_entries
from tests.world.messages import give_message, message_id
from tests.world.suppressions import ago, streams, unsubscribe
from tests.world.world import World


async def test_each_receipt_is_an_event(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """R79, T25. The statuses in one request: what is unknown is not recorded."""
    keys = [await sent(world, shop) for _ in range(4)]
    told = [
        receipt_of(shop, keys[0]),
        receipt_of(shop, keys[1], "DELAYED", reason="phone\noff\x00 " + "x" * 2_000),
        receipt_of(shop, keys[2], "UNKNOWN"),
        receipt_of(shop, keys[3], "DELIVERED", reason="fine", cost="0.05"),
    ]
    assert await gateway.tell(*told) == ["RECORDED", "RECORDED", "NOTHING", "RECORDED"]
    assert await gateway.tell(*told) == ["KNOWN", "KNOWN", "NOTHING", "KNOWN"]
    cut = f"phone off {'x' * 990}"
    assert await events_of_account(database, shop) == [
        ("DELIVERED", ""),
        ("DELIVERED", ""),
        ("SOFT_BOUNCE", cut),
    ]
    assert await counted(database, shop) == {"DELIVERED": 2, "SOFT_BOUNCE": 1}
    assert await open_streams(api, shop) == "MT"


async def test_a_failure_for_good_excludes_the_number_once(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """T25: also if it comes three times at once."""
    receipt = receipt_of(shop, await sent(world, shop), "FAILED", reason="no such number")
    found = await asyncio.gather(*[gateway.tell(receipt) for _ in range(3)])
    assert sorted(found) == [["KNOWN"], ["KNOWN"], ["RECORDED"]]
    assert await events_of_account(database, shop) == [("HARD_BOUNCE", "no such number")]
    assert await counted(database, shop) == {"HARD_BOUNCE": 1}
    assert await open_streams(api, shop) == ""
    assert await streams(api, shop.owner, shop.account, "+46701999999") == "MT"


async def test_a_stop_unsubscribes_once(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    """R77: on the marketing stream, also if it comes three times at once."""
    await sent(world, shop)
    answer = shop.answer("Stop.")
    found = await asyncio.gather(*[gateway.tell(answer) for _ in range(3)])
    assert sorted(found) == [["KNOWN"], ["KNOWN"], ["RECORDED"]]
    assert await events_of_account(database, shop) == [("UNSUBSCRIBE", "")]
    assert await counted(database, shop) == {"UNSUBSCRIBE": 1}
    assert await open_streams(api, shop) == "T"


async def test_it_goes_to_whoever_wrote_last_from_there(gateway: Gateway, api: Api, world: World) -> None:
    """Of three trees with one sender: not what a test, another sender, or nobody yet has written. A marketing
    message is meant before a later transactional one."""
    first = await make_shop(world)
    shops = [
        Shop(each.account, each.owner, first.number, first.sender)
        for each in [first, await make_shop(world), await make_shop(world), await make_shop(world)]
    ]
    earlier, last, later, bank = shops
    await sent(world, earlier, claimed_at=func.now() - datetime.timedelta(hours=2))
    await sent(world, last, claimed_at=func.now() - datetime.timedelta(hours=1))
    await sent(world, later, is_test=True)
    await sent(world, later, sender="+46700999999")
    await sent(world, later, status=MessageStatus.WAITING)
    await sent(world, later, status=MessageStatus.FAILED)
    await sent(world, bank, stream=SendStream.TRANSACTIONAL)
    assert await gateway.tell(first.answer()) == ["RECORDED"]
    assert [await open_streams(api, shop) for shop in shops] == ["MT", "T", "MT", "MT"]


async def test_where_there_is_no_marketing_the_last_message_is_meant(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await sent(world, shop, stream=SendStream.TRANSACTIONAL, status=MessageStatus.CLAIMED)
    assert await gateway.tell(shop.answer()) == ["RECORDED"]
    assert await open_streams(api, shop) == "T"


async def test_start_lifts_what_the_person_said_and_nothing_else(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    """R68, T27. Old answers that come again, in any order, change nothing."""
    await sent(world, shop)
    stop, start = shop.answer(at=ago(hours=2)), shop.answer("start", at=ago(hours=1))
    assert await gateway.tell(start) == ["KNOWN"]
    assert await gateway.tell(stop, start, stop, start) == ["RECORDED", "RECORDED", "KNOWN", "KNOWN"]
    assert await open_streams(api, shop) == "MT"
    assert await gateway.tell(shop.answer(at=ago(minutes=30)), start) == ["KNOWN", "KNOWN"]
    assert await open_streams(api, shop) == "T"
    await give_entries(world, shop.account, [shop.number])
    assert await gateway.tell(shop.answer("UNSTOP")) == ["RECORDED"]
    assert await open_streams(api, shop) == ""
    log = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { type before actor { id } } } } }"
    (event,) = (await api.read(log, shop.owner, id=shop.account.id))["account"]["events"]["nodes"]
    assert event == {"type": "CONTACT_RESUBSCRIBED", "before": {"unsubscribes": 1}, "actor": None}


async def test_stop_and_start_at_once_end_as_the_later_one_says(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await sent(world, shop)
    await unsubscribe(api, shop.owner, shop.account, shop.number, at=ago(hours=3))
    start, stop = shop.answer("START", at=ago(hours=2)), shop.answer(at=ago(hours=1))
    await asyncio.gather(*[gateway.tell(each) for each in (start, stop, start, stop)])
    await gateway.tell(start, stop)
    assert await open_streams(api, shop) == "T"


async def test_what_is_of_nobody_changes_nothing(
    gateway: Gateway, api: Api, world: World, database: AsyncEngine, shop: Shop
) -> None:
    key, other = await sent(world, shop), await make_shop(world)
    mail = await give_message(world, shop.account, stream=SendStream.MARKETING)
    stream = message_id(shop.account, key, SendStream.TRANSACTIONAL)
    told = [
        shop.answer(**{"from": other.number}),
        shop.answer(to=other.sender),
        shop.answer(to="Verdant"),
        receipt_of(shop, new_id(), "FAILED"),
        receipt_of(other, key, "FAILED"),
        receipt_of(shop, mail, "FAILED"),
        receipt_of(shop, key, "FAILED", id=stream),
        receipt_of(shop, key, "FAILED", id="gateway-7"),
    ]
    assert await gateway.tell(*told) == ["OF_NOBODY"] * len(told)
    assert await events_of_account(database, shop) == await events_of_account(database, other) == []
    assert await open_streams(api, shop) == "MT"
