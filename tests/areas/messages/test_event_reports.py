"""What a partner tells of messages: each event is taken by itself, counted, and has its consequences."""

import asyncio
import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.base.ids import new_id
from models.messages.events import MessageEventKind, message_events
from models.sending.tables import ReservationStatus
from models.statistics.tables import statistic_deltas
from tests.areas.effects.log import events_of
from tests.areas.messages.shop import Shop, old_message
from tests.client.api import Api
from tests.engine.paths import Path
from tests.engine.statements import trips
from tests.world.block_list import hash_of, listed
from tests.world.contacts import give_listed_contact
from tests.world.messages import event, report
from tests.world.sends import give_reservation
from tests.world.suppressions import SOFT_BOUNCES, ago, resubscribe, streams
from tests.world.world import Account, World

_EVENTS = """query ($id: ID!) { node(id: $id) { ... on Message { events {
  nodes { kind happenedAt toldAt isFirst url status diagnostic } } } } }"""


async def _counted(database: AsyncEngine, account: Account) -> dict[str, tuple[int, int]]:
    """How many of each kind, and how many of these were the first of their messages."""
    counted = statistic_deltas.c
    firsts = func.coalesce(func.sum(counted.number).filter(counted.is_first), 0)
    statement = (
        select(counted.kind, func.sum(counted.number).label("number"), firsts.label("firsts"))
        .where(counted.account_id == account.key)
        .group_by(counted.kind)
    )
    async with database.connect() as connection:
        return {row.kind: (int(row.number), int(row.firsts)) for row in await connection.execute(statement)}


@pytest.mark.parametrize("path", Path)
async def test_a_message_has_its_history(api: Api, shop: Shop, world: World, path: Path) -> None:
    id_ = await old_message(world, shop.account)
    at = ago(hours=2)
    told = [
        event("1", id_, "DELIVERED", occurredAt=at),
        event("2", id_, "OPEN"),
        event("3", id_, "OPEN"),
        event("4", id_, "CLICK", url="https://example.com/?a=1&b=%C3%A4"),
        event("5", id_, "SOFT_BOUNCE", status="4.2.2", diagnostic="The mailbox is full"),
    ]
    outcomes = await report(api, shop.owner, shop.account, told)
    assert outcomes == [{"index": number, "isNew": True, "error": None} for number in range(5)]
    nodes = (await api.read(path.of(_EVENTS), shop.owner, id=id_))["node"]["events"]["nodes"]
    shown = [
        (each["kind"], each["isFirst"], each["url"], each["status"], each["diagnostic"]) for each in nodes
    ]
    assert shown == [
        ("SOFT_BOUNCE", True, None, "4.2.2", "The mailbox is full"),
        ("CLICK", True, "https://example.com/?a=1&b=%C3%A4", None, None),
        ("OPEN", False, None, None, None),
        ("OPEN", True, None, None, None),
        ("DELIVERED", True, None, None, None),
    ]
    happened = datetime.datetime.fromisoformat(nodes[-1]["happenedAt"])
    assert happened == datetime.datetime.fromisoformat(at)
    assert datetime.datetime.fromisoformat(nodes[-1]["toldAt"]) > happened


async def test_events_are_counted_where_they_happened(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """With what sent the message; tests are left out."""
    key, campaign = new_id(), new_id()
    more: dict[str, Any] = {"label": "Spring Sale", "api_key_id": key, "campaign_id": campaign}
    id_ = await old_message(world, shop.account, "ann@Bücher.example", **more)
    test = await old_message(world, shop.account, is_test=True)
    late = ago(days=300)
    told = [
        event("1", id_, "OPEN", occurredAt=late),
        event("2", id_, "OPEN"),
        event("3", test, "HARD_BOUNCE"),
    ]
    assert all(each["isNew"] for each in await report(api, shop.owner, shop.account, told))
    async with database.connect() as connection:
        of_account = statistic_deltas.c.account_id == shop.account.key
        rows = (await connection.execute(select(statistic_deltas).where(of_account))).all()
    assert sorted((row.is_first, row.happened_at) for row in rows)[1] == (
        True,
        datetime.datetime.fromisoformat(late).replace(second=0, microsecond=0),
    )
    for row in rows:
        source = row.channel, row.stream, row.label, row.domain, row.api_key_id, row.campaign_id
        assert source == ("EMAIL", "TRANSACTIONAL", "spring sale", "xn--bcher-kva.example", key, campaign)
    assert len(rows) == 2
    assert await streams(api, shop.owner, shop.account, "ann@example.com") == "MT"


async def test_a_bounce_excludes_its_recipient_and_no_other(api: Api, shop: Shop, world: World) -> None:
    """T25, R79: hard ones at once, soft ones as the limits say; only in this account."""
    ann, bob = [await old_message(world, shop.account, f"{name}@example.com") for name in ("ann", "bob")]
    soft = [await old_message(world, shop.account, "carl@example.com") for _ in range(SOFT_BOUNCES)]
    told = [event("1", ann, "HARD_BOUNCE"), event("2", bob, "SOFT_BOUNCE")]
    told += [
        event(f"soft {number}", id_, "SOFT_BOUNCE", occurredAt=ago(hours=number + 1))
        for number, id_ in enumerate(soft)
    ]
    await report(api, shop.owner, shop.account, told)
    names = ("ann", "bob", "carl", "dora")
    able = [await streams(api, shop.owner, shop.account, f"{name}@example.com") for name in names]
    assert able == ["", "MT", "", "MT"]
    above = await world.member(shop.master, BuiltinRole.OWNER)
    assert await streams(api, above, shop.master, "ann@example.com") == "MT"


async def test_a_complaint_blocks(api: Api, shop: Shop, world: World) -> None:
    id_ = await old_message(world, shop.account, "Ann@example.com")
    await report(api, shop.owner, shop.account, [event("1", id_, "COMPLAINT")])
    (entry,) = await listed(api, shop.owner, shop.account)
    assert (entry["address"], entry["reason"]) == ("Ann@example.com", "COMPLAINT")
    assert await streams(api, shop.owner, shop.account, "ann@example.com") == ""


async def test_an_unsubscribe_names_the_list_that_was_sent_to(api: Api, shop: Shop, world: World) -> None:
    """R77. It counts again after the recipient has subscribed, and was told before."""
    list_key = (await give_listed_contact(world, shop.account)).list_key
    id_ = await old_message(world, shop.account, contact_list_id=list_key)
    gone = await old_message(world, shop.account, "bob@example.com", contact_list_id=new_id())
    told = [event("1", id_, "UNSUBSCRIBE"), event("2", gone, "UNSUBSCRIBE")]
    await report(api, shop.owner, shop.account, told)
    query = "query ($id: ID!) { account(id: $id) { unsubscribes { nodes { isOfList } } } }"
    found = (await api.read(query, shop.owner, id=shop.account.id))["account"]["unsubscribes"]["nodes"]
    assert [each["isOfList"] for each in found] == [False, True]
    for address in ("ann@example.com", "bob@example.com"):
        assert await streams(api, shop.owner, shop.account, address) == "T"
    assert await resubscribe(api, shop.owner, shop.account, "bob@example.com") == "RESUBSCRIBED"
    assert await streams(api, shop.owner, shop.account, "bob@example.com") == "MT"
    now = datetime.datetime.now(datetime.UTC).isoformat()
    (again,) = await report(api, shop.owner, shop.account, [event("3", gone, "UNSUBSCRIBE", occurredAt=now)])
    assert again["isNew"] is False
    assert await streams(api, shop.owner, shop.account, "bob@example.com") == "T"


async def test_what_an_engine_of_its_own_sent(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """By a committed reservation of the stream and its recipient, in any form; firsts go by both. It counts
    as of the key that reserved, as the sends do."""
    reserving = new_id()
    committed = await give_reservation(world, shop.account, ReservationStatus.COMMITTED, api_key_id=reserving)
    open_ = await give_reservation(world, shop.account)
    sender = await world.api_key(
        shop.account, scopes=mask_of({Permission.ACCOUNT_READ, Permission.CAMPAIGNS_SEND})
    )

    def told(key: str, kind: str, to: str | None, reservation: str = committed.id) -> dict[str, Any]:
        return event(key, "", kind, reservationId=reservation, recipient=to)

    events = [
        told("1", "OPEN", "ann@example.com"),
        told("2", "OPEN", hash_of("ann@example.com")),
        told("3", "OPEN", "bob@example.com"),
        told("4", "COMPLAINT", hash_of("bob@example.com")),
        told("5", "HARD_BOUNCE", "+49 30 901820"),
        told("6", "OPEN", "ann@example.com", open_.id),
        told("7", "OPEN", "nobody"),
        told("8", "OPEN", None),
        told("9", "OPEN", "ann@example.com", "rsrv_none"),
    ]
    outcomes = await report(api, sender, shop.account, events, stream="MARKETING")
    assert [each["isNew"] for each in outcomes] == [True] * 5 + [False] * 4
    assert [each["error"]["field"][3:] for each in outcomes[5:]] == [
        ["reservationId"],
        ["recipient"],
        ["recipient"],
        ["reservationId"],
    ]
    assert (await _counted(database, shop.account))["OPEN"] == (3, 2)
    counted = select(statistic_deltas.c.api_key_id).where(statistic_deltas.c.account_id == shop.account.key)
    async with database.connect() as connection:
        assert set((await connection.execute(counted)).scalars()) == {reserving}
    for address, able in (("ann@example.com", "MT"), ("bob@example.com", ""), ("+4930901820", "")):
        assert await streams(api, shop.owner, shop.account, address) == able
    outcomes = await report(api, shop.owner, shop.account, events[:1], stream="TRANSACTIONAL")
    assert outcomes[0]["error"]["code"] == "NOT_FOUND"


async def test_a_key_tells_once(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    """T17: by meaning; another event under the key is refused by itself, and what was refused has no key."""
    id_ = await old_message(world, shop.account)
    once = event("1", id_)
    foreign = event("2", await old_message(world, shop.master))
    first = await report(api, shop.owner, shop.account, [once, once, {**once, "kind": "CLICK"}, foreign])
    assert [each["isNew"] for each in first] == [True, False, False, False]
    assert [(each["error"] or {}).get("code") for each in first] == [
        None,
        None,
        "IDEMPOTENCY_MISMATCH",
        "NOT_FOUND",
    ]
    again = await report(
        api, shop.owner, shop.account, [once, {**once, "kind": "CLICK"}, {**foreign, "messageId": id_}]
    )
    assert [each["isNew"] for each in again] == [False, False, True]
    assert again[1]["error"]["field"] == ["input", "events", "1", "key"]
    assert await _counted(database, shop.account) == {"OPEN": (2, 1)}
    # A key is unique for its message.
    other = {**once, "messageId": await old_message(world, shop.account)}
    told = await report(api, shop.owner, shop.account, [once, other])
    assert [each["isNew"] for each in told] == [False, True]


async def test_reports_at_once_count_once(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    """The same keys, and other keys about the same: one is the first, and what happens once is told once."""
    ids = [await old_message(world, shop.account, f"a{number}@example.com") for number in range(6)]
    kinds = ["HARD_BOUNCE", "COMPLAINT", "UNSUBSCRIBE", "OPEN"]

    def batch(prefix: str) -> list[dict[str, Any]]:
        return [
            event(f"{prefix} {kind} {number}", id_, kind, occurredAt=_AT)
            for kind in kinds
            for number, id_ in enumerate(ids)
        ]

    found = await asyncio.gather(
        *[
            report(api, shop.owner, shop.account, batch(prefix)[::step])
            for prefix in ("same", "same", "other")
            for step in (1, -1)
        ]
    )
    once = dict.fromkeys(kinds[:3], (6, 6))
    assert await _counted(database, shop.account) == {**once, "OPEN": (12, 6)}
    assert sum(each["isNew"] for outcomes in found for each in outcomes) == 30
    assert len(await listed(api, shop.owner, shop.account, first=50)) == 6


_AT = ago(minutes=5)


async def test_a_request_is_logged_once(api: Api, shop: Shop, world: World) -> None:
    id_ = await old_message(world, shop.account)
    told = [event("1", id_), event("2", id_), event("3", id_, "CLICK")]
    for _ in range(2):
        await report(api, shop.owner, shop.account, told)
    logged = await events_of(api, await world.api_key(shop.account), shop.account.id)
    (found,) = [each for each in logged if each["type"] == "MESSAGE_EVENTS_REPORTED"]
    assert found["after"] == {"stream": "TRANSACTIONAL", "CLICK": 1, "OPEN": 2}


async def test_thousands_take_as_many_trips_as_two(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    kinds = [kind.value for kind in MessageEventKind]
    taken: list[int] = []
    # From 57 on some are known.
    for number in (70, 70, 3_000):
        ids = [await old_message(world, shop.account, f"a{each}@{number}.example.com") for each in range(8)]
        given = [
            event(f"{len(taken)} {each}", ids[each % 8], kinds[each % 7], occurredAt=ago(seconds=each + 1))
            for each in range(number)
        ]
        with trips() as made:
            outcomes = await report(api, shop.owner, shop.account, given)
        assert all(each["error"] is None for each in outcomes)
        taken.append(len(made))
    assert taken[1] == taken[2]
    async with database.connect() as connection:
        stored = select(message_events.c.id).where(message_events.c.account_id == shop.account.key)
        assert len((await connection.execute(stored)).all()) > 800
