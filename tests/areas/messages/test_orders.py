"""What clients tell of orders: each is taken by itself, once, and counted where it belongs (R61)."""

import asyncio
import datetime
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from engine.writes.sessions import WriteSessions
from models.accounts.tables import AccountStatus
from models.base.ids import new_id
from models.campaigns.tables import CampaignStatus
from models.messages.orders import order_keys
from models.messages.tables import MessageStatus
from models.sending.tables import ReservationStatus, SendStream
from models.statistics.tables import statistic_deltas
from resolvers.messages.store import TRIED_FOR
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.effects.log import events_of
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.campaigns import give_campaign
from tests.world.messages import give_message, message_id, order, report_orders
from tests.world.sends import give_reservation
from tests.world.statistics import roll_up
from tests.world.suppressions import ago
from tests.world.world import Account, World

_AT = ago(minutes=5)
_LONG_AGO = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=400)
_UNIT = 1_000_000
_REVENUE = """
query ($id: ID!, $since: Date!, $until: Date!, $by: [StatisticDimension!]) {
  statistics(accountId: $id, since: $since, until: $until, by: $by, includeDescendants: true) {
    currency nodes { label campaignId stream channel numbers { orders revenue } }
  }
}
"""


async def _message(world: World, account: Account, **more: Any) -> str:
    """One that was handed over long ago, unless it is said otherwise."""
    more = {"status": MessageStatus.SENT, "expires_at": _LONG_AGO + TRIED_FOR, **more}
    return message_id(account, await give_message(world, account, **more))


async def _counted(database: AsyncEngine, account: Account) -> tuple[int, int]:
    """Orders, and what they brought."""
    row = statistic_deltas.c
    sums = [func.coalesce(func.sum(column), 0) for column in (row.number, row.amount)]
    async with database.connect() as connection:
        found = (await connection.execute(select(*sums).where(row.account_id == account.key))).one()
    return int(found[0]), int(found[1])


async def test_an_order_counts_as_of_its_message(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """Where it happened. What is given back lessens the revenue; tests are left out."""
    key, campaign = new_id(), new_id()
    id_ = await _message(world, shop.account, label="Spring", api_key_id=key, campaign_id=campaign)
    test = await _message(world, shop.account, is_test=True)
    late = ago(days=364)
    told = [
        order("1", 30 * _UNIT, messageId=id_, occurredAt=late),
        order("return of 1", -10 * _UNIT, messageId=id_),
        order("free", 0, messageId=id_),
        order("2", 5 * _UNIT, messageId=test),
    ]
    outcomes = await report_orders(api, shop.owner, shop.account, told)
    assert outcomes == [{"index": number, "isNew": True, "error": None} for number in range(4)]
    async with database.connect() as connection:
        of_account = statistic_deltas.c.account_id == shop.account.key
        rows = (await connection.execute(select(statistic_deltas).where(of_account))).all()
    for row in rows:
        source = row.kind, row.channel, row.stream, row.label, row.domain, row.api_key_id, row.campaign_id
        assert source == ("REVENUE", "EMAIL", "TRANSACTIONAL", "spring", "example.com", key, campaign)
    assert sorted((row.number, row.amount) for row in rows) == [(1, -10 * _UNIT), (1, 30 * _UNIT)]
    assert min(row.happened_at for row in rows).isoformat()[:16] == late[:16]


async def test_campaigns_and_labels_have_orders(
    api: Api, shop: Shop, world: World, addresses: DatabaseAddresses
) -> None:
    """Of a channel; known by any case of their letters."""
    campaign = await give_campaign(world, shop.account, label="Summer", status=CampaignStatus.SENT)
    await give_reservation(world, shop.account, ReservationStatus.COMMITTED, label="Straße")
    told = [
        order("1", 4 * _UNIT, campaignId=f"cmpg_{campaign}"),
        order("2", 2 * _UNIT, label="STRASSE", channel="SMS"),
        order("3", 1 * _UNIT, label="straße", channel="EMAIL"),
        order("4", 8 * _UNIT, label="straße", channel="SMS"),
    ]
    outcomes = await report_orders(api, shop.owner, shop.account, told, stream="MARKETING")
    assert all(each["isNew"] for each in outcomes)
    application = connect_as_application(addresses.application, pool_size=2)
    await roll_up(WriteSessions(application), shop.account)
    await application.dispose()
    by = ["LABEL", "CAMPAIGN", "STREAM", "CHANNEL"]
    days = {"since": ago(days=3)[:10], "until": ago(days=-3)[:10]}
    owner = await world.member(shop.master, BuiltinRole.OWNER)
    answer = await api.read(_REVENUE, owner, id=shop.master.id, by=by, **days)
    assert answer["statistics"]["currency"] == "EUR"
    found = {
        (row["label"], row["campaignId"], row["channel"]): (
            row["numbers"]["orders"],
            row["numbers"]["revenue"],
        )
        for row in answer["statistics"]["nodes"]
        if row["numbers"]["orders"]
    }
    assert found == {
        ("summer", f"cmpg_{campaign}", "EMAIL"): (1, str(4 * _UNIT)),
        ("strasse", None, "SMS"): (2, str(10 * _UNIT)),
        ("strasse", None, "EMAIL"): (1, str(_UNIT)),
    }


async def test_what_was_never_sent_brings_nothing(api: Api, shop: Shop, world: World) -> None:
    """A message that was not handed over, and a campaign that has not started."""
    never = (MessageStatus.WAITING, MessageStatus.CANCELED, MessageStatus.EXCLUDED)
    expected: list[str | None] = []
    given = []
    for status in MessageStatus:
        id_ = await _message(world, shop.account, status=status, attempts=1)
        given.append(order(status.value, messageId=id_))
        expected.append("FAILED_PRECONDITION" if status in never else None)
    untried = await _message(world, shop.account, status=MessageStatus.FAILED)
    given.append(order("untried", messageId=untried))
    expected.append("FAILED_PRECONDITION")
    refused = [each for each, code in zip(given, expected, strict=True) if code is not None]
    before = await world.state(shop.master)
    outcomes = await report_orders(api, shop.owner, shop.account, refused)
    assert {each["error"]["field"][-1] for each in outcomes} == {"messageId"}
    assert await world.state(shop.master) == before
    outcomes = await report_orders(api, shop.owner, shop.account, given)
    assert [(each["error"] or {}).get("code") for each in outcomes] == expected
    assert [each["isNew"] for each in outcomes] == [code is None for code in expected]

    unstarted = {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.AWAITING_APPROVAL}
    unstarted.add(CampaignStatus.FAILED)
    for campaign_status in CampaignStatus:
        campaign = await give_campaign(world, shop.account, status=campaign_status)
        told = [order(f"of {campaign_status.value}", campaignId=f"cmpg_{campaign}")]
        (outcome,) = await report_orders(api, shop.owner, shop.account, told, stream="MARKETING")
        assert outcome["isNew"] is (campaign_status not in unstarted), campaign_status
        if campaign_status in unstarted:
            assert outcome["error"]["code"] == "FAILED_PRECONDITION"
            assert outcome["error"]["field"][-1] == "campaignId"


async def test_no_order_comes_before_the_sending(api: Api, shop: Shop, world: World) -> None:
    """Clocks may differ by five minutes."""
    id_ = await _message(world, shop.account, expires_at=datetime.datetime.now(datetime.UTC) + TRIED_FOR)
    campaign = await give_campaign(world, shop.account, status=CampaignStatus.SENDING)
    of_message, of_campaign = {"messageId": id_}, {"campaignId": f"cmpg_{campaign}"}
    for named, stream in ((of_message, "TRANSACTIONAL"), (of_campaign, "MARKETING")):
        given = [
            order(f"{stream} {number}", occurredAt=ago(minutes=number)) | named for number in (6, 4, -4, -6)
        ]
        outcomes = await report_orders(api, shop.owner, shop.account, given, stream=stream)
        assert [each["isNew"] for each in outcomes] == [False, True, True, False]
        for outcome in (outcomes[0], outcomes[-1]):
            assert outcome["error"]["code"] == "BAD_USER_INPUT"
            assert outcome["error"]["field"][-1] == "occurredAt"
        assert outcomes[0]["error"]["message"].startswith("Must not lie before the sending, which was at 20")


async def test_an_order_counts_once(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    """Also in one request. What differs in anything is another order, and refused."""
    id_, other = await _message(world, shop.account), await _message(world, shop.account)
    once = order("1", messageId=id_, occurredAt=_AT)
    first = await report_orders(api, shop.owner, shop.account, [once, once])
    assert [each["isNew"] for each in first] == [True, False]
    assert [each["error"] for each in first] == [None, None]
    more = {"amount": 1}, {"messageId": other}, {"occurredAt": ago(minutes=6)}
    again = await report_orders(api, shop.owner, shop.account, [once, *[once | each for each in more]])
    codes = [each["error"] and each["error"]["code"] for each in again]
    assert codes == [None, *["IDEMPOTENCY_MISMATCH"] * 3]
    assert not any(each["isNew"] for each in again)
    assert await _counted(database, shop.account) == (1, 20 * _UNIT)


async def test_reports_at_once_count_once(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    id_ = await _message(world, shop.account)
    told = [order(str(number), _UNIT, messageId=id_, occurredAt=_AT) for number in range(30)]
    found = await asyncio.gather(
        *[report_orders(api, shop.owner, shop.account, told[::step]) for step in (1, -1) for _ in range(3)]
    )
    assert sum(each["isNew"] for outcomes in found for each in outcomes) == 30
    assert await _counted(database, shop.account) == (30, 30 * _UNIT)


async def test_a_key_is_known_as_long_as_its_order_is_taken(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    id_ = await _message(world, shop.account)
    oldest = order("1", messageId=id_, occurredAt=ago(days=364))
    await report_orders(api, shop.owner, shop.account, [oldest])
    (again,) = await report_orders(api, shop.owner, shop.account, [oldest])
    assert (again["isNew"], again["error"]) == (False, None)
    key = order_keys.c
    async with database.begin() as connection:
        aged = update(order_keys).where(key.account_id == shop.account.key)
        await connection.execute(aged.values(happened_at=func.now() - datetime.timedelta(days=367)))
        (deleted,) = await connection.execute(select(func.mandant_delete_old_order_keys()))
        assert deleted is not None
        left = select(func.count()).where(key.account_id == shop.account.key)
        assert (await connection.execute(left)).scalar_one() == 0


@dataclass(frozen=True)
class _Wrong:
    """What is wrong with an order of a message, and the field that is named."""

    values: dict[str, Any]
    field: str | None
    code: str = "BAD_USER_INPUT"


_WRONG = [
    _Wrong({"key": ""}, "key"),
    _Wrong({"key": "a" * 201}, "key"),
    _Wrong({"key": "a\nb"}, "key"),
    _Wrong({"occurredAt": ago(days=366)}, "occurredAt"),
    _Wrong({"occurredAt": ago(hours=-1)}, "occurredAt"),
    _Wrong({"occurredAt": "9999-12-31T23:59:59Z"}, "occurredAt"),
    _Wrong({"occurredAt": "0001-01-01T00:00:00Z"}, "occurredAt"),
    _Wrong({"amount": str(10**15 + 1)}, "amount"),
    _Wrong({"amount": str(-(10**15) - 1)}, "amount"),
    _Wrong({"currency": "USD"}, "currency"),
    _Wrong({"messageId": "tmsg_of_nobody"}, "messageId", "NOT_FOUND"),
    _Wrong({"messageId": None}, None),
    _Wrong({"label": "Spring", "channel": "EMAIL"}, None),
    _Wrong({"channel": "EMAIL"}, "channel"),
    _Wrong({"messageId": None, "label": "Spring"}, "channel"),
    _Wrong({"messageId": None, "label": "Spring", "channel": "EMAIL"}, "label", "NOT_FOUND"),
    _Wrong({"messageId": None, "label": "", "channel": "EMAIL"}, "label"),
    _Wrong({"messageId": None, "campaignId": "cmpg_none"}, "campaignId", "NOT_FOUND"),
]


async def test_a_wrong_order_is_refused_alone(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    id_ = await _message(world, shop.account)
    marketing = await give_message(world, shop.account, stream=SendStream.MARKETING)
    foreign = await _message(world, shop.master)
    campaign, above = await give_campaign(world, shop.account), await give_campaign(world, shop.master)
    wrong = [
        *_WRONG,
        _Wrong({"messageId": message_id(shop.account, marketing)}, "messageId", "NOT_FOUND"),
        _Wrong(
            {"messageId": message_id(shop.account, marketing, SendStream.MARKETING)}, "messageId", "NOT_FOUND"
        ),
        _Wrong({"messageId": foreign}, "messageId", "NOT_FOUND"),
        # Campaigns are marketing.
        _Wrong({"messageId": None, "campaignId": f"cmpg_{campaign}"}, "campaignId", "NOT_FOUND"),
    ]
    before = await world.state(shop.master)
    given = [order(str(number), messageId=id_) | each.values for number, each in enumerate(wrong)]
    outcomes = await report_orders(api, shop.owner, shop.account, given)
    found = [(each["error"]["field"][3:], each["error"]["code"]) for each in outcomes]
    assert found == [([] if each.field is None else [each.field], each.code) for each in wrong]
    unknown = next(n for n, each in enumerate(wrong) if (each.field, each.code) == ("label", "NOT_FOUND"))
    said = "The account has sent nothing with this label on this channel and stream."
    assert outcomes[unknown]["error"]["message"] == said
    of_above = [order("0", campaignId=f"cmpg_{above}")]
    (refused,) = await report_orders(api, shop.owner, shop.account, of_above, stream="MARKETING")
    assert refused["error"]["code"] == "NOT_FOUND"
    assert await world.state(shop.master) == before
    mixed = [given[0], order("7", messageId=id_), given[3]]
    outcomes = await report_orders(api, shop.owner, shop.account, mixed)
    assert [each["isNew"] for each in outcomes] == [False, True, False]
    assert await _counted(database, shop.account) == (1, 20 * _UNIT)


async def test_what_concerns_all_refuses_all(api: Api, shop: Shop, world: World) -> None:
    id_ = await _message(world, shop.account)
    analyst = await world.member(shop.account, BuiltinRole.ANALYST)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    marketing = mask_of({Permission.ACCOUNT_READ, Permission.CAMPAIGNS_SEND})
    marketer = await world.api_key(shop.account, scopes=marketing)
    before = await world.state(shop.master)
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "orders": [order("1", messageId=id_)]}
    for caller, code in ((analyst, "FORBIDDEN"), (marketer, "FORBIDDEN"), (stranger, "NOT_FOUND")):
        assert (await attempt(api, "ordersReport", caller, **values)).code == code
    for orders in ([], [order("1", messageId=id_)] * 1_001):
        refused = await attempt(api, "ordersReport", shop.owner, **{**values, "orders": orders})
        assert refused.code == "BAD_USER_INPUT"
    assert await world.state(shop.master) == before
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    (told,) = await report_orders(api, shop.owner, shop.account, [order("1", messageId=id_)])
    assert told["isNew"] is True


async def test_a_request_is_logged_once(api: Api, shop: Shop, world: World) -> None:
    """A thousand fit into one, with as few statements."""
    id_ = await _message(world, shop.account)
    told = [order(str(number), messageId=id_, occurredAt=_AT) for number in range(999)]
    told.append(order("back", -1, messageId=id_, occurredAt=_AT))
    for _ in range(2):
        await report_orders(api, shop.owner, shop.account, told)
    logged = await events_of(api, await world.api_key(shop.account), shop.account.id)
    (found,) = [each for each in logged if each["type"] == "ORDERS_REPORTED"]
    assert found["after"] == {"stream": "TRANSACTIONAL", "orders": 999, "returns": 1}


@pytest.mark.parametrize("amount", [1.5, "1.5", "1e3", None, True, "", "٣"])
async def test_what_is_no_amount(api: Api, shop: Shop, world: World, amount: object) -> None:
    id_ = await _message(world, shop.account)
    given = order("1", messageId=id_) | {"amount": amount}
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "orders": [given]}
    assert (await attempt(api, "ordersReport", shop.owner, **values)).code == "BAD_USER_INPUT"
