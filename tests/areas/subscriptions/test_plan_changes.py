"""Choosing a plan, buying more contacts, and what of it holds when (R10, R18, R94, T22)."""

import datetime

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, Currency
from models.base.ids import Kind, new_id, present
from models.plans.catalogue import CataloguePlan, plan_id
from server.database.clock import Clock
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.billing import separate
from tests.world.brand import Brand
from tests.world.credit import own_balances
from tests.world.plans import BUSINESS, FREE, GROWTH, STARTER, Plan, bought, make_plan, subscribe
from tests.world.world import Account, World

_SHOWN = (
    "account { version subscription { account { id } plan { code } nextPlan { code } timeZone anchorDay "
    "cycleStartsAt cycleEndsAt contactLimit sendLimit } }"
)


def _change(account: Account, plan: Plan, version: int = 1, **more: str) -> dict[str, object]:
    return {"accountId": account.id, "planId": plan.id, "expectedVersion": version, **more}


def _blocks(account: Account, blocks: int = 1, key: str = "1") -> dict[str, object]:
    return {"accountId": account.id, "blocks": blocks, "idempotencyKey": key}


async def test_a_tree_begins_with_the_smallest_plan(api: Api, brand: Brand) -> None:
    """R18: accounts below use the same one."""
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    for account in (brand.master, brand.store):
        shown = (await api.read(query, brand.owner, id=account.id))["account"]["subscription"]
        assert shown["account"] == {"id": brand.master.id}
        assert (shown["plan"], shown["nextPlan"], shown["timeZone"]) == ({"code": "FREE"}, None, "UTC")
        assert (shown["contactLimit"], shown["sendLimit"]) == (500, 5000)
        assert shown["cycleStartsAt"] < shown["cycleEndsAt"]


async def test_the_catalogue_is_in_the_trees_currency(api: Api, brand: Brand) -> None:
    shown = "plans(first: 1000) { nodes { id code currency price sendPrice } }"
    query = f"query ($id: ID!) {{ account(id: $id) {{ {shown} }} }}"
    offered = (await api.read(query, brand.owner, id=brand.us.id))["account"]["plans"]["nodes"]
    catalogue = [plan for plan in offered if not plan["code"].startswith("TEST")]
    assert [plan["id"] for plan in catalogue] == [FREE.id, STARTER.id, GROWTH.id, BUSINESS.id]
    assert {plan["currency"] for plan in offered} == {"EUR"}
    assert [plan["price"] for plan in catalogue] == ["0", "19000000", "59000000", "249000000"]
    assert [plan["sendPrice"] for plan in catalogue] == [None, None, "2000", "1000"]


async def test_the_first_plan_sets_zone_and_anchor(api: Api, brand: Brand, clock: Clock) -> None:
    """T20: 31 January in Paris, and on from there."""
    await clock.show(datetime.datetime(2027, 1, 30, 23, 30, tzinfo=datetime.UTC))
    made = await done(
        api, "planChange", brand.owner, _SHOWN, **_change(brand.master, STARTER, timeZone="Europe/Paris")
    )
    assert made["account"]["version"] == 2
    shown = made["account"]["subscription"]
    assert (shown["plan"], shown["timeZone"], shown["anchorDay"]) == ({"code": "STARTER"}, "Europe/Paris", 31)
    cycle = (shown["cycleStartsAt"], shown["cycleEndsAt"])
    assert cycle == ("2027-01-30T23:00:00+00:00", "2027-02-27T23:00:00+00:00")
    event = await last_event(api, brand.owner, brand.master.id)
    assert (event["type"], event["before"]) == ("PLAN_CHANGED", {"plan": "FREE"})
    assert event["after"] == {"plan": "STARTER", "from": None}


async def test_up_at_once_down_with_the_next_cycle(api: Api, brand: Brand, clock: Clock) -> None:
    """T22; the last second of a cycle is still in it, the boundary is not."""
    start = datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)
    await clock.show(start)
    await done(api, "planChange", brand.owner, **_change(brand.master, STARTER))
    up = await done(api, "planChange", brand.owner, _SHOWN, **_change(brand.master, GROWTH, 2))
    shown = up["account"]["subscription"]
    assert (shown["plan"], shown["contactLimit"], shown["sendLimit"]) == ({"code": "GROWTH"}, 10_000, 100_000)
    await clock.show(datetime.datetime(2027, 3, 31, 23, 59, 50, tzinfo=datetime.UTC))
    down = await done(api, "planChange", brand.owner, _SHOWN, **_change(brand.master, FREE, 3))
    shown = down["account"]["subscription"]
    assert (shown["plan"], shown["nextPlan"]) == ({"code": "GROWTH"}, {"code": "FREE"})
    event = await last_event(api, brand.owner, brand.master.id)
    assert event["after"] == {"plan": "FREE", "from": "2027-04-01T00:00:00+00:00"}
    await clock.show(datetime.datetime(2027, 4, 1, tzinfo=datetime.UTC))
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    shown = (await api.read(query, brand.owner, id=brand.us.id))["account"]["subscription"]
    assert (shown["plan"], shown["nextPlan"], shown["contactLimit"]) == ({"code": "FREE"}, None, 500)
    assert shown["cycleStartsAt"] == "2027-04-01T00:00:00+00:00"


async def test_what_waits_can_be_taken_back(api: Api, brand: Brand, world: World, clock: Clock) -> None:
    """By an act of its own, or by another choice; the present plan takes nothing back."""
    await clock.show(datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC))
    await done(api, "planChange", brand.owner, **_change(brand.master, BUSINESS))
    before = await world.state(brand.master)
    assert await _withdrawal(api, brand, version=2) == "FAILED_PRECONDITION", "nothing waits"
    same = await done(api, "planChange", brand.owner, _SHOWN, **_change(brand.master, BUSINESS, 2))
    assert same["account"]["version"] == 2
    assert await world.state(brand.master) == before
    await done(api, "planChange", brand.owner, **_change(brand.master, STARTER, 2))
    before = await world.state(brand.master)
    refused = await attempt(api, "planChange", brand.owner, **_change(brand.master, BUSINESS, 3))
    assert refused.code == "FAILED_PRECONDITION"
    assert refused.user_error is not None
    assert "planChangeWithdraw" in refused.user_error["message"]
    again = await done(api, "planChange", brand.owner, _SHOWN, **_change(brand.master, STARTER, 3))
    assert again["account"]["version"] == 3, "it waits already"
    assert await _withdrawal(api, brand, version=2) == "CONFLICT"
    assert await world.state(brand.master) == before
    other = await done(api, "planChange", brand.owner, _SHOWN, **_change(brand.master, GROWTH, 3))
    assert other["account"]["subscription"]["nextPlan"] == {"code": "GROWTH"}
    values = {"accountId": brand.master.id, "expectedVersion": 4}
    back = await done(api, "planChangeWithdraw", brand.owner, _SHOWN, **values)
    shown = back["account"]["subscription"]
    assert (shown["plan"], shown["nextPlan"]) == ({"code": "BUSINESS"}, None)
    event = await last_event(api, brand.owner, brand.master.id)
    assert event["type"] == "PLAN_CHANGE_WITHDRAWN"
    assert (event["before"], event["after"]) == (
        {"plan": "GROWTH", "from": "2027-04-01T00:00:00+00:00"},
        {"plan": "BUSINESS"},
    )
    await clock.show(datetime.datetime(2027, 4, 2, tzinfo=datetime.UTC))
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    later = (await api.read(query, brand.owner, id=brand.master.id))["account"]["subscription"]
    assert later["plan"] == {"code": "BUSINESS"}


async def _withdrawal(api: Api, brand: Brand, version: int) -> str:
    values = {"accountId": brand.master.id, "expectedVersion": version}
    return await code_of(api, "planChangeWithdraw", brand.owner, **values)


async def test_the_plan_that_is_used_is_no_own_one_by_mistake(
    api: Api, brand: Brand, world: World, clock: Clock
) -> None:
    """Whoever means to take back a first plan that waits gets no subscription, and none in UTC (T20)."""
    await clock.show(datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC))
    await done(api, "planChange", brand.owner, **_change(brand.master, BUSINESS))
    await done(api, "planChange", brand.owner, **_change(brand.us, STARTER, timeZone="Asia/Tokyo"))
    before = await world.state(brand.master)
    for account, version in ((brand.us, 2), (brand.uk, 1)):
        refused = await attempt(api, "planChange", brand.owner, **_change(account, BUSINESS, version))
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "timeZone"]
    assert await world.state(brand.master) == before
    shown = f"account {{ version nextOwnPlan {{ code }} {_SHOWN.split(' ', 3)[3]}"
    values = {"accountId": brand.us.id, "expectedVersion": 2}
    back = (await done(api, "planChangeWithdraw", brand.owner, shown, **values))["account"]
    assert (back["version"], back["nextOwnPlan"]) == (3, None)
    assert await code_of(api, "planChangeWithdraw", brand.owner, **values) == "CONFLICT"
    values["expectedVersion"] = 3
    assert await code_of(api, "planChangeWithdraw", brand.owner, **values) == "FAILED_PRECONDITION"
    await clock.show(datetime.datetime(2027, 4, 2, tzinfo=datetime.UTC))
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    later = (await api.read(query, brand.owner, id=brand.us.id))["account"]["subscription"]
    assert (later["account"], later["plan"]) == ({"id": brand.master.id}, {"code": "BUSINESS"})
    # With a zone it is meant.
    made = await done(
        api, "planChange", brand.owner, _SHOWN, **_change(brand.us, BUSINESS, 3, timeZone="Asia/Tokyo")
    )
    own = made["account"]["subscription"]
    assert (own["account"], own["timeZone"]) == ({"id": brand.us.id}, "Asia/Tokyo")


async def test_a_subaccount_with_a_plan_of_its_own(api: Api, brand: Brand, world: World) -> None:
    """It decides alone where its credit and its invoices are its own; else whoever pays decides with it."""
    inside = await world.member(brand.us, BuiltinRole.OWNER)
    before = await world.state(brand.master)
    assert await code_of(api, "planChange", inside, **_change(brand.us, STARTER)) == "POOL_ACCOUNT_REQUIRED"
    assert await world.state(brand.master) == before
    await own_balances(world, brand.us)
    before = await world.state(brand.master)
    assert await code_of(api, "planChange", inside, **_change(brand.us, STARTER)) == "BILLED_ACCOUNT_REQUIRED"
    assert await world.state(brand.master) == before
    await separate(world, brand.us)
    made = await done(api, "planChange", inside, _SHOWN, **_change(brand.us, STARTER))
    assert made["account"]["subscription"]["account"] == {"id": brand.us.id}
    query = "query ($id: ID!) { account(id: $id) { subscription { account { id } plan { code } } } }"
    for account, plan in ((brand.store, "STARTER"), (brand.uk, "FREE")):
        shown = (await api.read(query, brand.owner, id=account.id))["account"]["subscription"]
        assert shown["plan"] == {"code": plan}
    outside = await world.member(brand.store, BuiltinRole.OWNER)
    shown = (await api.read(query, outside, id=brand.store.id))["account"]["subscription"]
    assert shown == {"account": None, "plan": {"code": "STARTER"}}, "the account above is not in reach"


async def test_more_contacts_for_this_cycle(api: Api, brand: Brand, world: World, clock: Clock) -> None:
    """R94: contacts and sends rise at once; the next cycle begins with the plan's own."""
    await done(api, "planChange", brand.owner, **_change(brand.master, STARTER))
    made = await done(api, "limitIncrease", brand.owner, f"replayed {_SHOWN}", **_blocks(brand.master, 2))
    shown = made["account"]["subscription"]
    assert (shown["contactLimit"], shown["sendLimit"]) == (3_500, 35_000)
    again = await done(api, "limitIncrease", brand.owner, f"replayed {_SHOWN}", **_blocks(brand.master, 2))
    assert (again["replayed"], again["account"]) == (True, made["account"])
    code = await code_of(api, "limitIncrease", brand.owner, **_blocks(brand.master, 3))
    assert code == "IDEMPOTENCY_MISMATCH"
    assert await bought(world, brand.master) == [(1_000, 10_000, 18_000_000)]
    event = await last_event(api, brand.owner, brand.master.id)
    assert event["after"] == {"contacts": 1_000, "sends": 10_000, "price": "18000000"}
    await clock.forward(days=32)
    query = "query ($id: ID!) { account(id: $id) { subscription { contactLimit sendLimit } } }"
    later = (await api.read(query, brand.owner, id=brand.master.id))["account"]["subscription"]
    assert later == {"contactLimit": 2_500, "sendLimit": 25_000}


async def test_what_is_refused(api: Api, brand: Brand, world: World) -> None:
    await subscribe(world, brand.uk, FREE)
    await subscribe(world, brand.us, STARTER)
    dollars = Plan(plan_id(CataloguePlan.STARTER, Currency.USD))
    before = await world.state(brand.master)
    for values, code in (
        (_change(brand.master, STARTER, 2), "CONFLICT"),
        (_change(brand.master, dollars), "NOT_FOUND"),
        (_change(brand.master, Plan(new_id())), "NOT_FOUND"),
        (_change(brand.master, STARTER, timeZone="Europe/Atlantis"), "BAD_USER_INPUT"),
        (_change(brand.master, STARTER, timeZone="UTC+3"), "BAD_USER_INPUT"),
        (_change(brand.us, GROWTH, timeZone="UTC+3"), "BAD_USER_INPUT"),
    ):
        assert await code_of(api, "planChange", brand.owner, **values) == code, values
    for values, code in (
        (_blocks(brand.master), "PLAN_REQUIRED"),
        (_blocks(brand.uk), "PLAN_REQUIRED"),
        (_blocks(brand.store), "FAILED_PRECONDITION"),
        (_blocks(brand.us, 0), "BAD_USER_INPUT"),
        (_blocks(brand.us, -1), "BAD_USER_INPUT"),
        (_blocks(brand.us, 1001), "BAD_USER_INPUT"),
    ):
        assert await code_of(api, "limitIncrease", brand.owner, **values) == code, values
    assert await world.state(brand.master) == before
    await done(api, "limitIncrease", brand.owner, **_blocks(brand.us))


async def test_subaccounts_need_a_plan_that_allows_them(api: Api, brand: Brand, world: World) -> None:
    """R10; those that are there stay."""
    alone = await make_plan(world, subaccounts_allowed=False)
    await subscribe(world, brand.us, alone)
    child = {"parentId": brand.us.id, "name": "Child", "idempotencyKey": "1"}
    before = await world.state(brand.master)
    refused = await attempt(api, "subaccountCreate", brand.owner, **child)
    assert refused.code == "PLAN_REQUIRED"
    below = {**child, "parentId": brand.store.id}
    assert await code_of(api, "subaccountCreate", brand.owner, **below) == "PLAN_REQUIRED"
    assert await world.state(brand.master) == before
    await done(api, "planChange", brand.owner, **_change(brand.us, STARTER))
    await done(api, "subaccountCreate", brand.owner, **child)


@pytest.mark.parametrize("field", ["planChange", "limitIncrease"])
async def test_not_while_suspended(api: Api, brand: Brand, world: World, field: str) -> None:
    await subscribe(world, brand.us, STARTER)
    await world.set_status(brand.master, AccountStatus.SUSPENDED)
    before = await world.state(brand.master)
    values = _change(brand.us, GROWTH) if field == "planChange" else _blocks(brand.us)
    assert await code_of(api, field, brand.owner, **values) == "ACCOUNT_SUSPENDED"
    assert await world.state(brand.master) == before


async def test_a_plan_is_a_node_for_everybody(api: Api, world: World) -> None:
    person = await world.person()
    query = "query ($id: ID!) { node(id: $id) { ... on Plan { name } } }"
    assert await api.read(query, person, id=STARTER.id) == {"node": {"name": "Starter"}}
    assert await api.read(query, person, id=present(Kind.PLAN, new_id())) == {"node": None}
