"""The first plan of its own: what it keeps, what it waits for, who decides about it (R10, T18, T20, T22)."""

import datetime

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.plans.tables import plans
from server.database.clock import Clock
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.billing import separate
from tests.world.brand import Brand
from tests.world.budgets import budget_set, set_budget
from tests.world.credit import own_balances
from tests.world.plans import BUSINESS, FREE, STARTER, Plan, make_plan, subscribe
from tests.world.sends import check_counts, reserve, reserved, settle, used
from tests.world.world import Account, World

_SHOWN = (
    "account { version nextOwnPlan { code } subscription { account { id } plan { code } timeZone anchorDay "
    "cycleStartsAt contactsUsed sendsUsed } }"
)


def _change(account: Account, plan: Plan, version: int = 1, **more: str) -> dict[str, object]:
    return {"accountId": account.id, "planId": plan.id, "expectedVersion": version, **more}


async def test_a_master_account_keeps_what_it_used(
    api: Api, brand: Brand, world: World, database: AsyncEngine, clock: Clock
) -> None:
    """Choosing what it has by default gives nothing anew, whenever it does; the next cycle does (R92)."""
    created = await clock.now()
    await clock.show(created + datetime.timedelta(days=5))
    waiting = await reserved(api, brand.owner, brand.us, "ann", "bob")
    assert await settle(api, brand.owner, "sendCommit", waiting) == ""
    voided = await reserved(api, brand.owner, brand.uk, "carl")
    made = await done(
        api, "planChange", brand.owner, _SHOWN, **_change(brand.master, FREE, timeZone="Asia/Tokyo")
    )
    shown = made["account"]["subscription"]
    assert (shown["plan"], shown["contactsUsed"], shown["sendsUsed"]) == ({"code": "FREE"}, 3, 3)
    assert shown["timeZone"] == "Asia/Tokyo"
    assert await settle(api, brand.owner, "sendVoid", voided) == ""
    assert (await reserve(api, brand.owner, brand.uk, "ann")).payload["reservation"]["newContacts"] == 0
    assert await used(api, brand.owner, brand.us) == (2, 3)
    await check_counts(database, brand.master)
    await clock.forward(days=32)
    assert await used(api, brand.owner, brand.us) == (0, 0)


async def test_a_smaller_first_plan_waits(api: Api, brand: Brand, clock: Clock) -> None:
    """T22: until the cycle of the account above ends; meanwhile it can be replaced."""
    start = datetime.datetime(2027, 5, 10, tzinfo=datetime.UTC)
    await clock.show(start)
    await done(api, "planChange", brand.owner, **_change(brand.master, BUSINESS))
    made = await done(
        api, "planChange", brand.owner, _SHOWN, **_change(brand.us, STARTER, timeZone="Europe/Paris")
    )
    shown = made["account"]
    assert (shown["nextOwnPlan"], shown["subscription"]["plan"]) == (
        {"code": "STARTER"},
        {"code": "BUSINESS"},
    )
    assert await code_of(api, "limitIncrease", brand.owner, **_blocks(brand.us)) == "FAILED_PRECONDITION"
    own = await _cheaper(api, brand)
    assert own["subscription"]["account"] == {"id": brand.master.id}
    await clock.show(datetime.datetime(2027, 6, 10, tzinfo=datetime.UTC))
    query = f"query ($id: ID!) {{ {_SHOWN.replace('account {', 'account(id: $id) {', 1)} }}"
    for account in (brand.us, brand.store):
        shown = (await api.read(query, brand.owner, id=account.id))["account"]
        assert (shown["nextOwnPlan"], shown["subscription"]["plan"]) == (None, {"code": "STARTER"})
        assert shown["subscription"]["account"] == {"id": brand.us.id}
        assert shown["subscription"]["cycleStartsAt"] == "2027-06-09T22:00:00+00:00"
    shown = (await api.read(query, brand.owner, id=brand.uk.id))["account"]
    assert shown["subscription"]["plan"] == {"code": "BUSINESS"}


def _blocks(account: Account) -> dict[str, object]:
    return {"accountId": account.id, "blocks": 1, "idempotencyKey": "1"}


async def _cheaper(api: Api, brand: Brand) -> dict[str, dict[str, object]]:
    """In another zone, and then in the first again; left out, it stays."""
    values = _change(brand.us, STARTER, 2, timeZone="Asia/Tokyo")
    other = await done(api, "planChange", brand.owner, _SHOWN, **values)
    assert other["account"]["nextOwnPlan"] == {"code": "STARTER"}
    await done(api, "planChange", brand.owner, **_change(brand.us, STARTER, 3, timeZone="Europe/Paris"))
    values = _change(brand.us, STARTER, 4)
    shown: dict[str, dict[str, object]] = (await done(api, "planChange", brand.owner, _SHOWN, **values))[
        "account"
    ]
    return shown


async def test_dearer_sends_or_no_blocks_take_something_away(api: Api, brand: Brand, world: World) -> None:
    """T22: as fewer contacts do."""
    present = await make_plan(world, price=1, send_price=5, block_price=7)
    await subscribe(world, brand.master, present)
    version = 1
    for figures, at_once in (
        ({"send_price": 6, "block_price": 7}, False),
        ({"send_price": 5, "block_price": None}, False),
        ({"send_price": None, "block_price": 7}, False),
        ({"send_price": 5, "block_price": 90}, True),
    ):
        plan = await make_plan(world, price=1, **figures)
        made = await done(
            api,
            "planChange",
            brand.owner,
            "account { version subscription { plan { id } nextPlan { id } } }",
            **_change(brand.master, plan, version),
        )
        version = made["account"]["version"]
        shown = made["account"]["subscription"]
        assert (shown["plan"]["id"] == plan.id) == at_once, figures
        assert (shown["nextPlan"] is None) == at_once, figures


async def test_a_subaccount_pays_for_its_own_plan(api: Api, brand: Brand, world: World) -> None:
    """Else each one would bring contacts of its own that cost nothing (R10, R92)."""
    await own_balances(world, brand.us)
    await separate(world, brand.us)
    inside = await world.member(brand.us, BuiltinRole.OWNER)
    before = await world.state(brand.master)
    for caller in (inside, brand.owner):
        assert await code_of(api, "planChange", caller, **_change(brand.us, FREE)) == "PAID_PLAN_REQUIRED"
    assert await world.state(brand.master) == before
    await done(api, "planChange", inside, **_change(brand.us, STARTER))
    before = await world.state(brand.master)
    assert await code_of(api, "planChange", inside, **_change(brand.us, FREE, 2)) == "PAID_PLAN_REQUIRED"
    assert await world.state(brand.master) == before


@pytest.mark.parametrize("where", ["us", "store"])
async def test_under_a_cap_whoever_set_it_decides(api: Api, brand: Brand, world: World, where: str) -> None:
    """T18: an own plan would bring sends that nobody meant to give."""
    account: Account = getattr(brand, where)
    await own_balances(world, account)
    await separate(world, account)
    inside = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await budget_set(api, brand.owner, brand.us, 3)
    before = await world.state(brand.master)
    version = 2 if account is brand.us else 1
    refused = await code_of(api, "planChange", inside, **_change(account, STARTER, version))
    assert refused == "PARENT_ACCOUNT_REQUIRED"
    assert await world.state(brand.master) == before
    await done(api, "planChange", brand.owner, **_change(account, STARTER, version))
    await budget_set(api, brand.owner, brand.us, None)
    await done(api, "planChange", inside, **_change(account, BUSINESS, 4 if account is brand.us else 2))


async def test_a_cap_counts_every_plan_below(api: Api, brand: Brand, world: World) -> None:
    """N10: what was sent before an own plan began, and under whichever plan since."""
    await subscribe(world, brand.master, await make_plan(world))
    await set_budget(world, brand.us, 4)
    await reserved(api, brand.owner, brand.us, "ann")
    await done(api, "planChange", brand.owner, **_change(brand.us, STARTER))
    await done(api, "planChange", brand.owner, **_change(brand.store, STARTER, timeZone="UTC"))
    await reserved(api, brand.owner, brand.us, "ann")
    await reserved(api, brand.owner, brand.store, "ann")
    before = await world.state(brand.master)
    for account in (brand.us, brand.store):
        assert (await reserve(api, brand.owner, account, "ann", "bob")).code == "SEND_CAP_REACHED"
    assert await world.state(brand.master) == before
    await reserved(api, brand.owner, brand.store, "ann")
    assert (await reserve(api, brand.owner, brand.us, "ann")).code == "SEND_CAP_REACHED"
    await reserved(api, brand.owner, brand.uk, "ann")


async def test_what_is_off_sale_is_not_chosen(api: Api, brand: Brand, world: World) -> None:
    """Who has it keeps it, and takes back what waits in its place."""
    plan = await make_plan(world, price=5, sends=10**6, active_contacts=10**6)
    other = await make_plan(world, price=4)
    await subscribe(world, brand.master, plan)
    async with world.database.begin() as connection:
        await connection.execute(update(plans).where(plans.c.id == plan.key).values(on_offer=False))
    query = "query ($id: ID!) { account(id: $id) { plans(first: 1000) { nodes { id price } } } }"
    offered = (await api.read(query, brand.owner, id=brand.us.id))["account"]["plans"]["nodes"]
    assert plan.id not in [one["id"] for one in offered]
    assert other.id in [one["id"] for one in offered]
    prices = [int(one["price"]) for one in offered]
    assert prices == sorted(prices)
    await done(api, "planChange", brand.owner, **_change(brand.master, other))
    waiting = {"accountId": brand.master.id, "expectedVersion": 2}
    await done(api, "planChangeWithdraw", brand.owner, **waiting)
    await subscribe(world, brand.uk, STARTER)
    before = await world.state(brand.master)
    for account in (brand.uk, brand.us):
        assert await code_of(api, "planChange", brand.owner, **_change(account, plan)) == "NOT_FOUND"
    assert await world.state(brand.master) == before
