"""When what a cycle allows will be used up, and what is warned of (R95, N10)."""

import datetime

import pytest

from server.database.clock import Clock
from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import give_credit, own_balances
from tests.world.usage import DAYS, MIDNIGHT, give_sends, usage_of
from tests.world.world import World


@pytest.mark.parametrize(
    ("hours", "sends", "day"),
    [
        (240, 0, None),
        (240, 500, "2027-03-21"),
        # At 1,000 a month of 31 days, less an hour: 322 or 323 in ten days.
        (240, 322, None),
        (240, 324, "2027-03-31"),
        (240, 1000, "2027-03-11"),
        (240, 1500, "2027-03-11"),
        # The first day counts whole, so that its first hours foretell no more than it.
        (0, 400, "2027-03-03"),
        (1, 400, "2027-03-03"),
        (24, 400, "2027-03-03"),
        (48, 400, "2027-03-06"),
        (742, 999, "2027-03-31"),
        (742, 998, None),
    ],
)
async def test_sends_are_foretold_by_their_pace(
    api: Api, planned: Brand, world: World, clock: Clock, hours: int, sends: int, day: str | None
) -> None:
    """N10: linear, in the subscription's zone, until the cycle ends."""
    await clock.show(MIDNIGHT + datetime.timedelta(hours=hours))
    await give_sends(world, planned.us, sends, contacts=min(sends, 3))
    assert (await usage_of(api, planned.owner, planned.uk, DAYS))["forecast"] == {
        "runsOutOn": day,
        "contactsRunOutOn": None,
        "sendsRunOutOn": day,
        "creditRunsOutOn": None,
    }


async def test_the_first_of_all_that_runs_out(api: Api, planned: Brand, world: World) -> None:
    await give_sends(world, planned.us, 400, contacts=50)
    assert (await usage_of(api, planned.owner, planned.uk, DAYS))["forecast"] == {
        "runsOutOn": "2027-03-21",
        "contactsRunOutOn": "2027-03-21",
        "sendsRunOutOn": "2027-03-26",
        "creditRunsOutOn": None,
    }


@pytest.mark.parametrize(
    ("sends", "credit", "day", "warnings"),
    [
        (0, 0, None, []),
        (30, 0, None, []),
        (80, 400, "2027-03-18", ["SENDS_NEAR_LIMIT", "CREDIT_LOW"]),
        (80, 5000, None, ["SENDS_NEAR_LIMIT"]),
        (80, 0, "2027-03-13", ["SENDS_NEAR_LIMIT", "CREDIT_LOW"]),
        (100, 2**62, None, ["BEYOND_PLAN"]),
        (150, 100, "2027-03-11", ["BEYOND_PLAN", "CREDIT_LOW"]),
        (150, 10, "2027-03-11", ["BEYOND_PLAN", "CREDIT_LOW"]),
        (150, 9, "2027-03-11", ["BEYOND_PLAN", "CREDIT_USED_UP"]),
    ],
)
async def test_credit_lasts_as_long_as_it_pays_for_sends_beyond(
    api: Api, priced: Brand, world: World, sends: int, credit: int, day: str | None, warnings: list[str]
) -> None:
    await give_sends(world, priced.us, sends)
    if credit:
        await give_credit(world, priced.master, credit)
    shown = f"{DAYS} warnings actions sends {{ beyond }} credit {{ balance }}"
    usage = await usage_of(api, priced.owner, priced.uk, shown)
    assert usage["forecast"]["creditRunsOutOn"] == day
    assert usage["warnings"] == warnings
    assert ("CREDIT_TOP_UP" in usage["actions"]) == bool(set(warnings) & {"CREDIT_LOW", "CREDIT_USED_UP"})
    assert ("LIMIT_INCREASE" in usage["actions"]) == (sends >= 80)
    assert usage["sends"]["beyond"] == max(sends - 100, 0)
    assert usage["credit"] == {"balance": str(credit)}


async def test_a_balance_of_its_own_is_the_credit_there(api: Api, priced: Brand, world: World) -> None:
    """R44: the account below spends what it has itself."""
    await own_balances(world, priced.us)
    await give_credit(world, priced.master, 1_000_000)
    await give_credit(world, priced.us, 5)
    await give_sends(world, priced.us, 100)
    shown = f"credit {{ balance }} warnings {DAYS}"
    below = await usage_of(api, priced.owner, priced.store, shown)
    assert (below["credit"], below["warnings"]) == ({"balance": "5"}, ["BEYOND_PLAN", "CREDIT_USED_UP"])
    above = await usage_of(api, priced.owner, priced.master, shown)
    assert (above["credit"], above["warnings"]) == ({"balance": "1000000"}, ["BEYOND_PLAN"])


@pytest.mark.parametrize(
    ("contacts", "sends", "warnings"),
    [
        (79, 799, []),
        (80, 799, ["CONTACTS_NEAR_LIMIT"]),
        (79, 800, ["SENDS_NEAR_LIMIT"]),
        (99, 999, ["CONTACTS_NEAR_LIMIT", "SENDS_NEAR_LIMIT"]),
        (100, 1000, ["CONTACT_LIMIT_REACHED", "SEND_LIMIT_REACHED"]),
    ],
)
async def test_limits_are_warned_of(
    api: Api, planned: Brand, world: World, contacts: int, sends: int, warnings: list[str]
) -> None:
    """R95: with what helps: larger plans there are, and this one sells no blocks."""
    await give_sends(world, planned.us, sends, contacts=contacts)
    usage = await usage_of(api, planned.owner, planned.us, "warnings actions")
    assert usage == {"warnings": warnings, "actions": ["PLAN_CHANGE"] if warnings else []}


async def test_the_narrowest_cap_on_the_path_is_warned_of(api: Api, planned: Brand, world: World) -> None:
    await set_budget(world, planned.us, 50)
    await set_budget(world, planned.store, 40)
    await give_sends(world, planned.us, 20)
    await give_sends(world, planned.store, 30)
    shown = "sends { capLeft } warnings actions"
    full = {"sends": {"capLeft": 0}, "warnings": ["SEND_CAP_REACHED"], "actions": ["SEND_BUDGET_UPDATE"]}
    for account in (planned.us, planned.store):
        assert await usage_of(api, planned.owner, account, shown) == full
    free = {"sends": {"capLeft": None}, "warnings": [], "actions": []}
    for account in (planned.master, planned.uk):
        assert await usage_of(api, planned.owner, account, shown) == free
