"""Who unsubscribed gets no marketing of that account, until it subscribes again itself (R77, R78, T27)."""

from typing import Any

import pytest

from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.block_list import block, hash_of
from tests.world.brand import Brand, brand_of
from tests.world.contacts import give_listed_contact
from tests.world.staff import set_override, staff_member
from tests.world.suppressions import RESULTS, ago, resubscribe, streams, unsubscribe
from tests.world.world import Account, World

_ANN = "ann@example.com"


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


async def _list(world: World, account: Account, email: str = "ada@example.com") -> str:
    """The id of a contact list of the account."""
    return f"clst_{account.key}_{(await give_listed_contact(world, account, email)).list_key}"


async def _by_list(world: World, account: Account) -> None:
    """Platform support sets that an unsubscribe applies to the list concerned."""
    asker = await staff_member(world, StaffRole.AGENT)
    approver = await staff_member(world, StaffRole.APPROVER)
    await set_override(world, account, OverrideKind.UNSUBSCRIBE_SCOPE, asker, approver=approver)


async def test_an_unsubscribe_stops_marketing_of_that_account_alone(api: Api, brand: Brand) -> None:
    """R78: it is not inherited, neither down nor up."""
    assert await unsubscribe(api, brand.owner, brand.us, " ANN@example.com") == ["RECORDED"]
    assert await streams(api, brand.owner, brand.us, _ANN) == "T"
    assert await streams(api, brand.owner, brand.us, hash_of(_ANN)) == "T"
    for account in (brand.master, brand.store, brand.uk):
        assert await streams(api, brand.owner, account, _ANN) == "MT"


async def test_to_report_again_changes_nothing(api: Api, world: World, brand: Brand) -> None:
    at = ago(days=1)
    given = [_ANN, _ANN, "no address", "bob@example.com"]
    assert await unsubscribe(api, brand.owner, brand.us, *given, at=at) == [
        "RECORDED",
        "ALREADY_UNSUBSCRIBED",
        "MALFORMED",
        "RECORDED",
    ]
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["after"]) == ("UNSUBSCRIBES_REPORTED", {"unsubscribes": 2})
    before = await world.state(brand.master)
    assert await unsubscribe(api, brand.owner, brand.us, _ANN, at=at) == ["ALREADY_UNSUBSCRIBED"]
    assert await unsubscribe(api, brand.owner, brand.us, _ANN) == ["ALREADY_UNSUBSCRIBED"]
    assert await world.state(brand.master) == before


async def test_a_re_subscription_lifts_it_until_the_next_one(api: Api, brand: Brand) -> None:
    """A report that comes late, of before the re-subscription, changes nothing."""
    early = ago(days=2)
    await unsubscribe(api, brand.owner, brand.us, _ANN, at=early)
    assert await resubscribe(api, brand.owner, brand.us, "Ann@Example.com") == "RESUBSCRIBED"
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["before"]) == ("CONTACT_RESUBSCRIBED", {"unsubscribes": 1})
    assert await resubscribe(api, brand.owner, brand.us, _ANN) == "NOT_UNSUBSCRIBED"
    assert await unsubscribe(api, brand.owner, brand.us, _ANN, at=early) == ["RESUBSCRIBED_SINCE"]
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"
    assert await unsubscribe(api, brand.owner, brand.us, _ANN, at=ago(seconds=0)) == ["RECORDED"]
    assert await streams(api, brand.owner, brand.us, _ANN) == "T"


async def test_a_re_subscription_never_lifts_a_block(api: Api, brand: Brand) -> None:
    """R68, T27."""
    await block(api, brand.owner, brand.master, _ANN)
    await unsubscribe(api, brand.owner, brand.us, _ANN)
    assert await resubscribe(api, brand.owner, brand.us, _ANN) == "RESUBSCRIBED"
    assert await streams(api, brand.owner, brand.us, _ANN) == ""


async def test_another_address_or_account_is_not_lifted(api: Api, brand: Brand) -> None:
    await unsubscribe(api, brand.owner, brand.us, _ANN, "ann+news@example.com")
    await unsubscribe(api, brand.owner, brand.uk, _ANN)
    await resubscribe(api, brand.owner, brand.us, _ANN)
    assert await streams(api, brand.owner, brand.us, "ann+news@example.com") == "T"
    assert await streams(api, brand.owner, brand.uk, _ANN) == "T"


async def test_a_list_is_the_whole_account_unless_support_set_otherwise(
    api: Api, world: World, brand: Brand
) -> None:
    """R77."""
    left, kept = [await _list(world, account) for account in (brand.us, brand.uk)]
    await unsubscribe(api, brand.owner, brand.us, _ANN, list_id=left)
    assert await streams(api, brand.owner, brand.us, _ANN) == "T"
    await _by_list(world, brand.us)
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"
    assert await streams(api, brand.owner, brand.us, _ANN, contactListId=left) == "T"
    assert await unsubscribe(api, brand.owner, brand.us, _ANN, list_id=kept) == ["NO_SUCH_LIST"]
    assert await unsubscribe(api, brand.owner, brand.us, _ANN, list_id="clst_7") == ["NO_SUCH_LIST"]
    await unsubscribe(api, brand.owner, brand.us, _ANN)
    assert await streams(api, brand.owner, brand.us, _ANN) == "T"


async def test_a_re_subscription_to_a_list_lifts_that_list(api: Api, world: World, brand: Brand) -> None:
    await _by_list(world, brand.us)
    left = await _list(world, brand.us)
    await unsubscribe(api, brand.owner, brand.us, _ANN, list_id=left)
    await unsubscribe(api, brand.owner, brand.us, _ANN)
    again = await resubscribe(api, brand.owner, brand.us, _ANN, contactListId=left)
    assert again == "STILL_UNSUBSCRIBED"
    assert await streams(api, brand.owner, brand.us, _ANN, contactListId=left) == "T"
    assert await resubscribe(api, brand.owner, brand.us, _ANN) == "RESUBSCRIBED"
    assert await streams(api, brand.owner, brand.us, _ANN, contactListId=left) == "MT"
    await unsubscribe(api, brand.owner, brand.us, _ANN, list_id=left, at=ago(seconds=0))
    assert await resubscribe(api, brand.owner, brand.us, _ANN, contactListId=left) == "RESUBSCRIBED"


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"address": "no address"}, "BAD_USER_INPUT", "address"),
        ({"evidence": " "}, "BAD_USER_INPUT", "evidence"),
        ({"evidence": "x" * 1001}, "BAD_USER_INPUT", "evidence"),
        ({"contactListId": "clst_7"}, "NOT_FOUND", "contactListId"),
        ({"phoneCountry": "XX"}, "BAD_USER_INPUT", "phoneCountry"),
    ],
)
async def test_a_wrong_re_subscription_changes_nothing(
    api: Api, world: World, brand: Brand, values: dict[str, Any], code: str, field: str
) -> None:
    await unsubscribe(api, brand.owner, brand.us, _ANN)
    before = await world.state(brand.master)
    given = {"accountId": brand.us.id, "address": _ANN, "evidence": "The form", **values}
    made = await attempt(api, "resubscribe", brand.owner, "outcome", **given)
    assert (made.code, made.named) == (code, field)
    assert await world.state(brand.master) == before


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("2999-01-01T00:00:00Z", "occurredAt: Must lie in the past: clocks may differ by 5 minutes."),
        ("2026-01-01T00:00:00", "occurredAt: Must have an offset from UTC."),
        ("0001-01-01T00:00:00+14:00", "occurredAt: Is out of range."),
    ],
)
async def test_a_report_needs_a_moment_that_has_passed(api: Api, brand: Brand, at: str, message: str) -> None:
    values = {"accountId": brand.us.id, "reports": [{"address": _ANN, "occurredAt": at}]}
    made = await attempt(api, "unsubscribeReport", brand.owner, RESULTS, **values)
    assert made.payload["results"] == [{"index": 0, "outcome": "MALFORMED", "message": message}]
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"


@pytest.mark.parametrize("number", [0, 1001])
async def test_one_to_a_thousand_in_a_request(api: Api, brand: Brand, number: int) -> None:
    reports = [{"address": _ANN, "occurredAt": ago(days=1)}] * number
    made = await attempt(api, "unsubscribeReport", brand.owner, accountId=brand.us.id, reports=reports)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "reports")
