"""Who is blocked, unsubscribed or bounced is left out of sends before anything is counted (R68, R77, R79)."""

import hashlib
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.areas.effects.log import events_of
from tests.client.api import Api, Caller
from tests.client.mutations import Attempt, attempt
from tests.world import recipients
from tests.world.block_list import block, unblock
from tests.world.brand import Brand
from tests.world.plans import make_plan, subscribe
from tests.world.recipients import uploaded
from tests.world.sends import booking, check_counts, settle, used
from tests.world.suppressions import ago, bounce, resubscribe, unsubscribe
from tests.world.world import Account, World

_MADE = (
    "replayed leftOut { index cause } "
    "reservation { id recipients newContacts blocked unsubscribed bounced price }"
)
_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!], $recipientListId: ID) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients,
    recipientListId: $recipientListId) {
    recipients newContacts blocked unsubscribed bounced leftOut { index cause } refused { index fault }
    warnings } }"""
_ALL = ["ann", "bob", "carl", "dora", "emil"]


@pytest.fixture
async def small(brand: Brand, world: World) -> Brand:
    """The brand with a plan of five contacts, and some that are not sent to."""
    await subscribe(world, brand.master, await make_plan(world, active_contacts=5, sends=100))
    return brand


async def _exclude(api: Api, small: Brand) -> None:
    """Ann is blocked above, Bob has unsubscribed, Carl's mail bounced. Dora is all of it."""
    await block(api, small.owner, small.master, "ann@example.com", "dora@example.com")
    for name in ("bob@example.com", "dora@example.com"):
        await unsubscribe(api, small.owner, small.us, name)
    for name in ("carl@example.com", "dora@example.com"):
        await bounce(api, small.owner, small.us, name)


async def _reserve(
    api: Api, caller: Caller, account: Account, *names: str, list_id: str | None = None, **more: str
) -> Attempt:
    values: dict[str, Any] = booking(account, *names, **more)
    if list_id is not None:
        values |= {"recipients": None, "recipientListId": list_id}
    return await attempt(api, "sendReserve", caller, _MADE, **values)


async def _preview(
    api: Api, caller: Caller, account: Account, *names: str, list_id: str | None = None, **more: str
) -> dict[str, Any]:
    values: dict[str, Any] = booking(account, *names, **more)
    del values["idempotencyKey"]
    if list_id is not None:
        values |= {"recipients": None, "recipientListId": list_id}
    found: dict[str, Any] = (await api.read(_PREVIEW, caller, **values))["sendPreview"]
    return found


_LEFT_OUT = [
    {"index": 0, "cause": "BLOCK_LIST"},
    {"index": 2, "cause": "UNSUBSCRIBE"},
    {"index": 4, "cause": "BOUNCE"},
    {"index": 5, "cause": "BLOCK_LIST"},
]
_GIVEN = ["ann", "not an address", "bob", "Ann", "carl", "dora", "emil"]


async def test_they_are_never_counted_and_never_active(api: Api, small: Brand, database: AsyncEngine) -> None:
    """The first of several causes counts; the position is the one in the request."""
    await _exclude(api, small)
    told = await _preview(api, small.owner, small.us, *_GIVEN)
    made = await _reserve(api, small.owner, small.us, *_GIVEN)
    for shown in (told, made.payload["reservation"]):
        assert (shown["recipients"], shown["newContacts"]) == (1, 1)
        assert (shown["blocked"], shown["unsubscribed"], shown["bounced"]) == (2, 1, 1)
    assert told["leftOut"] == made.payload["leftOut"] == _LEFT_OUT
    assert told["refused"] == [{"index": 1, "fault": "MALFORMED"}, {"index": 3, "fault": "DUPLICATE"}]
    assert await used(api, small.owner, small.us) == (1, 1)
    (event,) = await events_of(api, small.owner, small.us.id, "SEND_RESERVED")
    left_out = {"blocked": 2, "unsubscribed": 1, "bounced": 1}
    assert {name: event["after"][name] for name in left_out} == left_out
    assert await settle(api, small.owner, "sendCommit", made.payload["reservation"]["id"]) == ""
    await check_counts(database, small.master)


async def test_an_uploaded_list_leaves_out_the_same(
    api: Api, small: Brand, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By numbers alone; and whichever part of the list they are in."""
    monkeypatch.setattr("resolvers.sending.lists.upload._PART", 2)
    monkeypatch.setattr("resolvers.sending.left_out.PARTS_AT_ONCE", 1)
    await _exclude(api, small)
    listed = await uploaded(api, small.owner, small.us, recipients.addresses(*_ALL))
    told = await _preview(api, small.owner, small.us, list_id=listed)
    made = await _reserve(api, small.owner, small.us, list_id=listed)
    for shown in (told, made.payload["reservation"]):
        assert (shown["recipients"], shown["newContacts"]) == (1, 1)
        assert (shown["blocked"], shown["unsubscribed"], shown["bounced"]) == (2, 1, 1)
    assert told["leftOut"] == made.payload["leftOut"] == []
    assert await used(api, small.owner, small.us) == (1, 1)
    assert await settle(api, small.owner, "sendVoid", made.payload["reservation"]["id"]) == ""
    await check_counts(database, small.master)


async def test_whoever_unsubscribed_still_gets_transactional_messages(api: Api, small: Brand) -> None:
    await _exclude(api, small)
    made = await _reserve(api, small.owner, small.us, *_ALL, stream="TRANSACTIONAL")
    shown = made.payload["reservation"]
    assert (shown["recipients"], shown["blocked"], shown["unsubscribed"], shown["bounced"]) == (2, 2, 0, 1)


async def test_only_blocks_pass_down(api: Api, small: Brand) -> None:
    await _exclude(api, small)
    made = await _reserve(api, small.owner, small.store, *_ALL)
    shown = made.payload["reservation"]
    assert (shown["recipients"], shown["blocked"], shown["unsubscribed"], shown["bounced"]) == (3, 2, 0, 0)


async def test_they_take_no_place_in_the_limit(api: Api, world: World, brand: Brand) -> None:
    await subscribe(world, brand.master, await make_plan(world, active_contacts=1, sends=1))
    await _exclude(api, brand)
    assert (await _preview(api, brand.owner, brand.us, *_ALL))["warnings"] == []
    assert (await _reserve(api, brand.owner, brand.us, *_ALL)).done


async def test_nobody_left_is_refused(api: Api, small: Brand, world: World) -> None:
    await _exclude(api, small)
    given = ["ann", "bob", "carl", "dora"]
    listed = await uploaded(api, small.owner, small.us, recipients.addresses(*given))
    before = await world.state(small.master)
    assert (await _preview(api, small.owner, small.us, *given))["warnings"] == ["NO_RECIPIENTS"]
    made = await _reserve(api, small.owner, small.us, *given)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "recipients")
    made = await _reserve(api, small.owner, small.us, list_id=listed)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "recipientListId")
    hashes = [hashlib.sha256(f"{name}@example.com".encode()).hexdigest() for name in given]
    values = booking(small.us) | {"recipients": None, "recipientHashes": hashes}
    made = await attempt(api, "sendReserve", small.owner, _MADE, **values)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "recipientHashes")
    assert await world.state(small.master) == before


async def test_a_repeated_request_gets_the_same_answer(api: Api, small: Brand) -> None:
    """Whatever was entered or lifted in between, and in whatever order it names the recipients."""
    await _exclude(api, small)
    first = await _reserve(api, small.owner, small.us, *_ALL, key="once")
    await block(api, small.owner, small.us, "emil@example.com")
    await unblock(api, small.owner, small.master, "ann@example.com")
    await resubscribe(api, small.owner, small.us, "bob@example.com")
    again = await _reserve(api, small.owner, small.us, *_ALL, key="once")
    assert again.payload == first.payload | {"replayed": True}
    turned = await _reserve(api, small.owner, small.us, *reversed(_ALL), key="once")
    assert turned.payload["leftOut"] == [
        {"index": len(_ALL) - 1 - each["index"], "cause": each["cause"]}
        for each in reversed(first.payload["leftOut"])
    ]
    new = await _reserve(api, small.owner, small.us, *_ALL)
    assert [each["index"] for each in new.payload["leftOut"]] == [2, 3, 4]
    assert await used(api, small.owner, small.us) == (3, 3)


async def test_an_active_contact_that_is_blocked_later_is_left_out_too(api: Api, small: Brand) -> None:
    assert (await _reserve(api, small.owner, small.us, "ann", "bob")).done
    await unsubscribe(api, small.owner, small.us, "ann@example.com", at=ago(seconds=0))
    made = await _reserve(api, small.owner, small.us, "ann", "bob")
    assert made.payload["leftOut"] == [{"index": 0, "cause": "UNSUBSCRIBE"}]
    assert await used(api, small.owner, small.us) == (2, 3)
