"""What a partner tells of messages: each event is taken by itself, counted, and has its consequences."""

import asyncio
import datetime
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from authz.policy.refusals import Refusal, RefusalCode
from models.accounts.tables import AccountStatus
from models.base.ids import SendReservationId, new_id
from models.messages.events import MessageEventKind, message_events
from models.messages.tables import MessageStatus
from models.sending.tables import ReservationStatus, SendStream
from models.statistics.tables import statistic_deltas
from resolvers.inputs.address_digests import ContactDigest
from resolvers.inputs.addresses import Address
from resolvers.messages.events.sent import Reservation, sent_by
from resolvers.messages.store import TRIED_FOR
from tests.areas.effects.log import events_of
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.engine.paths import Path
from tests.engine.statements import trips
from tests.world.block_list import hash_of, listed
from tests.world.contacts import give_listed_contact
from tests.world.messages import event, give_message, message_id, report
from tests.world.sends import give_reservation
from tests.world.suppressions import SOFT_BOUNCES, ago, resubscribe, streams
from tests.world.world import Account, World

_EVENTS = """query ($id: ID!) { node(id: $id) { ... on Message { events {
  nodes { kind happenedAt toldAt isFirst url status diagnostic } } } } }"""


_LONG_AGO = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=400)


async def _message(world: World, account: Account, to: str = "ann@example.com", **more: Any) -> str:
    """One that was handed over long ago, unless it is said otherwise."""
    more = {"status": MessageStatus.SENT, "expires_at": _LONG_AGO + TRIED_FOR, **more}
    return message_id(account, await give_message(world, account, to, **more))


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
    id_ = await _message(world, shop.account)
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
    id_ = await _message(world, shop.account, "ann@Bücher.example", **more)
    test = await _message(world, shop.account, is_test=True)
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
    ann, bob = [await _message(world, shop.account, f"{name}@example.com") for name in ("ann", "bob")]
    soft = [await _message(world, shop.account, "carl@example.com") for _ in range(SOFT_BOUNCES)]
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
    id_ = await _message(world, shop.account, "Ann@example.com")
    await report(api, shop.owner, shop.account, [event("1", id_, "COMPLAINT")])
    (entry,) = await listed(api, shop.owner, shop.account)
    assert (entry["address"], entry["reason"]) == ("Ann@example.com", "COMPLAINT")
    assert await streams(api, shop.owner, shop.account, "ann@example.com") == ""


async def test_an_unsubscribe_names_the_list_that_was_sent_to(api: Api, shop: Shop, world: World) -> None:
    """R77. It counts again after the recipient has subscribed, and was told before."""
    list_key = (await give_listed_contact(world, shop.account)).list_key
    id_ = await _message(world, shop.account, contact_list_id=list_key)
    gone = await _message(world, shop.account, "bob@example.com", contact_list_id=new_id())
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
    id_ = await _message(world, shop.account)
    once = event("1", id_)
    foreign = event("2", await _message(world, shop.master))
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
    other = {**once, "messageId": await _message(world, shop.account)}
    told = await report(api, shop.owner, shop.account, [once, other])
    assert [each["isNew"] for each in told] == [False, True]


async def test_reports_at_once_count_once(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    """The same keys, and other keys about the same: one is the first, and what happens once is told once."""
    ids = [await _message(world, shop.account, f"a{number}@example.com") for number in range(6)]
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


async def test_a_wrong_event_is_refused_alone(api: Api, shop: Shop, world: World) -> None:
    id_ = await _message(world, shop.account)
    marketing = await give_message(world, shop.account, stream=SendStream.MARKETING)
    wrong: list[tuple[str | None, dict[str, Any]]] = [
        ("key", {"key": " "}),
        ("key", {"key": "1" * 201}),
        ("key", {"key": "a\r\nb"}),
        ("occurredAt", {"occurredAt": ago(days=366)}),
        ("occurredAt", {"occurredAt": ago(hours=-1)}),
        ("occurredAt", {"occurredAt": "2026-01-01T00:00:00"}),
        ("messageId", {"messageId": shop.account.id}),
        ("messageId", {"messageId": message_id(shop.account, marketing, SendStream.MARKETING)}),
        ("messageId", {"messageId": message_id(shop.account, marketing)}),
        ("messageId", {"messageId": message_id(shop.account, new_id())}),
        (None, {"messageId": None}),
        (None, {"reservationId": "rsrv_1", "recipient": "ann@example.com"}),
        ("recipient", {"recipient": "ann@example.com"}),
        ("url", {"url": "https://example.com/"}),
        ("url", {"kind": "CLICK", "url": "javascript:alert(1)"}),
        ("url", {"kind": "CLICK", "url": "https://example.com/\r\nSet-Cookie: a=b"}),
        ("url", {"kind": "CLICK", "url": f"https://example.com/{'a' * 4_000}"}),
        ("status", {"status": "5.1.1"}),
        ("status", {"kind": "SOFT_BOUNCE", "status": "5.1.1\r\n"}),
        ("diagnostic", {"kind": "SOFT_BOUNCE", "diagnostic": "a\r\nb"}),
        ("diagnostic", {"kind": "SOFT_BOUNCE", "diagnostic": "a" * 1_001}),
    ]
    before = await world.state(shop.master)
    given = [{**event(str(number), id_), **values} for number, (_, values) in enumerate(wrong)]
    outcomes = await report(api, shop.owner, shop.account, given)
    expected = [[] if field is None else [field] for field, _ in wrong]
    assert [each["error"]["field"][3:] for each in outcomes] == expected
    assert await world.state(shop.master) == before
    (right,) = await report(api, shop.owner, shop.account, [event("0", id_)])
    assert right["isNew"] is True


_NEVER = (MessageStatus.WAITING, MessageStatus.CANCELED, MessageStatus.EXCLUDED)


async def test_nothing_happens_to_what_was_never_handed_over(api: Api, shop: Shop, world: World) -> None:
    """One that failed when it was tried, or of which nobody knows, may have come back all the same."""
    for kind in MessageEventKind:
        ids = [await _message(world, shop.account, status=status, attempts=1) for status in MessageStatus]
        untried = await _message(world, shop.account, status=MessageStatus.FAILED)
        given = [event("1", id_, kind.value) for id_ in (*ids, untried)]
        before = await world.state(shop.master)
        refused = await report(api, shop.owner, shop.account, given[-1:])
        assert await world.state(shop.master) == before
        outcomes = await report(api, shop.owner, shop.account, given[:-1])
        expected = ["FAILED_PRECONDITION" if status in _NEVER else None for status in MessageStatus]
        expected.append("FAILED_PRECONDITION")
        outcomes += refused
        assert [(each["error"] or {}).get("code") for each in outcomes] == expected
        assert [each["isNew"] for each in outcomes] == [code is None for code in expected]
        assert outcomes[-1]["error"]["field"] == ["input", "events", "0", "messageId"]


async def test_nothing_happens_before_the_sending(api: Api, shop: Shop, world: World) -> None:
    """Clocks may differ by five minutes, also where a moment has not come yet."""
    due = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
    id_ = await _message(world, shop.account, expires_at=due + TRIED_FOR)
    committed = await give_reservation(world, shop.account, ReservationStatus.COMMITTED, created_at=due)
    engine = {"reservationId": committed.id, "recipient": "ann@example.com"}

    def at(minutes: float, of: datetime.datetime = due) -> str:
        return (of + datetime.timedelta(minutes=minutes)).isoformat()

    now = datetime.datetime.now(datetime.UTC)
    moments = {
        at(-6): "Must not lie before the sending",
        at(-4): None,
        at(1): None,
        at(4, now): None,
        at(6, now): "Must lie in the past: clocks may differ by 5 minutes.",
    }
    for named, stream in (({"messageId": id_}, "TRANSACTIONAL"), (engine, "MARKETING")):
        given = [event(moment, "", occurredAt=moment, **named) for moment in moments]
        outcomes = await report(api, shop.owner, shop.account, given, stream=stream)
        for outcome, told in zip(outcomes, moments.values(), strict=True):
            error = outcome["error"]
            assert (error is None, outcome["isNew"]) == (told is None, told is None), outcome
            if told is not None:
                assert error["code"] == "BAD_USER_INPUT"
                assert error["field"][3:] == ["occurredAt"]
                assert error["message"].startswith(told)


def test_what_an_engine_sent_long_ago_is_refused() -> None:
    """The months of its events are gone."""
    made_at = datetime.datetime.now(datetime.UTC)
    reservation = Reservation(SendReservationId(new_id()), SendStream.MARKETING, None, None, made_at)
    recipient = Address(b"1" * 32, ContactDigest(b"1" * 32))
    before, after = (uuid.UUID(int=reservation.id.int + step * 2**80) for step in (-1, 1))
    for oldest in (None, before):
        assert sent_by(reservation, recipient, oldest).reservation_id == reservation.id
    with pytest.raises(Refusal) as refused:
        sent_by(reservation, recipient, after)
    assert (refused.value.code, refused.value.field) == (RefusalCode.FAILED_PRECONDITION, "reservationId")


async def test_what_concerns_all_refuses_all(api: Api, shop: Shop, world: World) -> None:
    id_ = await _message(world, shop.account)
    guest = await world.member(shop.account, BuiltinRole.ANALYST)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    before = await world.state(shop.master)
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "events": [event("1", id_)]}
    for caller, code in ((guest, "FORBIDDEN"), (stranger, "NOT_FOUND")):
        assert (await attempt(api, "messageEventsReport", caller, **values)).code == code
    for number in (0, 10_001):
        events = [event("1", id_)] * number
        refused = await attempt(api, "messageEventsReport", shop.owner, **{**values, "events": events})
        assert refused.code in ("BAD_USER_INPUT", "PAYLOAD_TOO_LARGE")
    assert await world.state(shop.master) == before
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    (told,) = await report(api, shop.owner, shop.account, [event("1", id_)])
    assert told["isNew"] is True


async def test_a_request_is_logged_once(api: Api, shop: Shop, world: World) -> None:
    id_ = await _message(world, shop.account)
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
        ids = [await _message(world, shop.account, f"a{each}@{number}.example.com") for each in range(8)]
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
