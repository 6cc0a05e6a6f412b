"""Events of messages that a partner tells wrongly: each is refused by itself, and changes nothing."""

import datetime
import uuid
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from models.accounts.tables import AccountStatus
from models.base.ids import SendReservationId, new_id
from models.messages.events import MessageEventKind
from models.messages.tables import MessageStatus
from models.sending.tables import ReservationStatus, SendStream
from resolvers.inputs.address_digests import ContactDigest
from resolvers.inputs.addresses import Address
from resolvers.messages.events.sent import Reservation, sent_by
from resolvers.messages.store import TRIED_FOR
from tests.areas.messages.shop import Shop, old_message
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.messages import event, give_message, message_id, report
from tests.world.sends import give_reservation
from tests.world.suppressions import ago
from tests.world.world import World

_NEVER = (MessageStatus.WAITING, MessageStatus.CANCELED, MessageStatus.EXCLUDED)


async def test_a_wrong_event_is_refused_alone(api: Api, shop: Shop, world: World) -> None:
    id_ = await old_message(world, shop.account)
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


async def test_nothing_happens_to_what_was_never_handed_over(api: Api, shop: Shop, world: World) -> None:
    """One that failed when it was tried, or of which nobody knows, may have come back all the same."""
    for kind in MessageEventKind:
        ids = [await old_message(world, shop.account, status=status, attempts=1) for status in MessageStatus]
        untried = await old_message(world, shop.account, status=MessageStatus.FAILED)
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
    id_ = await old_message(world, shop.account, expires_at=due + TRIED_FOR)
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
    id_ = await old_message(world, shop.account)
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
