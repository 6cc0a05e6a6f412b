"""Budgets: who sets them, what they hold back and keep free, and what cannot be promised (R28, N10, T18)."""

import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from server.database.clock import Clock
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.brand import Brand
from tests.world.budgets import budget, budget_set
from tests.world.credit import balances_of, credit_of, faults_of, give_credit, own_balances
from tests.world.plans import Plan, make_plan, subscribe
from tests.world.sends import booking, let_expire, reserve, reserved, settle
from tests.world.world import Account, World

_NAMES = tuple(f"n{number}" for number in range(30))
_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!]) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients) { sendsLeft warnings } }"""
_DAY = datetime.timedelta(days=1)


@pytest.fixture
async def ten(brand: Brand, world: World) -> Brand:
    """The brand with a plan of ten sends, since yesterday."""
    await subscribe(world, brand.master, await make_plan(world, active_contacts=50, sends=10))
    return brand


@pytest.fixture
async def paying(brand: Brand, world: World) -> Brand:
    """The brand with a plan of one send; further ones cost 10, and there is credit of 100."""
    plan = await make_plan(world, active_contacts=50, sends=1, send_price=10)
    await subscribe(world, brand.master, plan)
    await give_credit(world, brand.master, 100)
    return brand


async def _warnings(api: Api, brand: Brand, account: Account, number: int) -> tuple[int, list[str]]:
    values = booking(account, *_NAMES[:number])
    del values["idempotencyKey"]
    shown = (await api.read(_PREVIEW, brand.owner, **values))["sendPreview"]
    return shown["sendsLeft"], shown["warnings"]


async def _book(api: Api, brand: Brand, account: Account, number: int) -> str:
    return (await reserve(api, brand.owner, account, *_NAMES[:number])).code


async def test_a_cap_holds_for_all_below(api: Api, ten: Brand, world: World) -> None:
    """Set from above, for the account and what is below it."""
    await budget_set(api, ten.owner, ten.us, 3)
    await reserved(api, ten.owner, ten.store, "ann", "bob")
    before = await world.state(ten.master)
    assert await _book(api, ten, ten.us, 2) == "SEND_CAP_REACHED"
    assert await world.state(ten.master) == before
    await reserved(api, ten.owner, ten.uk, "ann", "bob")
    await reserved(api, ten.owner, ten.us, "ann")
    await budget_set(api, ten.owner, ten.us, None)
    await reserved(api, ten.owner, ten.us, "ann", "bob")


@pytest.mark.parametrize("field", ["send", "credit"])
async def test_who_sets_them(api: Api, ten: Brand, world: World, field: str) -> None:
    """Whoever holds the permission there and in the account above."""
    inside = await world.member(ten.us, BuiltinRole.OWNER)
    marketer = await world.member(ten.us, BuiltinRole.MARKETER)
    before = await world.state(ten.master)
    assert (await budget(api, inside, ten.us, 5, 0, field)).code == "PARENT_ACCOUNT_REQUIRED"
    assert (await budget(api, marketer, ten.us, 5, 0, field)).code == "FORBIDDEN"
    assert (await budget(api, ten.owner, ten.master, 5, 0, field)).code == "FAILED_PRECONDITION"
    for cap, guarantee in ((-1, 0), (None, -1), (2, 3)):
        assert (await budget(api, ten.owner, ten.us, cap, guarantee, field)).code == "BAD_USER_INPUT"
    assert await world.state(ten.master) == before
    await budget_set(api, inside, ten.store, 5, 0, field)
    event = await last_event(api, ten.owner, ten.store.id)
    assert event["type"] == f"{field.upper()}_BUDGET_CHANGED"
    assert (event["before"]["cap"], event["after"]["cap"]) == (None, 5 if field == "send" else "5")
    before = await world.state(ten.master)
    await budget_set(api, inside, ten.store, 5, 0, field)
    assert await world.state(ten.master) == before, "nothing is written where nothing changes"


async def test_too_large_for_its_currency(api: Api, ten: Brand, world: World) -> None:
    before = await world.state(ten.master)
    for field, most in (("send", 2**31), ("credit", 10**15 + 1)):
        code = (await budget(api, ten.owner, ten.us, most, 0, field)).code
        assert code == "BAD_USER_INPUT", field
    assert await world.state(ten.master) == before


async def test_only_what_is_ones_own_is_promised(api: Api, ten: Brand, world: World) -> None:
    """Whoever has the plan, or the pool, to those directly below."""
    await own_balances(world, ten.uk)
    await subscribe(world, ten.uk, await make_plan(world))
    before = await world.state(ten.master)
    for account in (ten.store, ten.uk):
        assert (await budget(api, ten.owner, account, None, 1)).code == "FAILED_PRECONDITION"
    assert (await budget(api, ten.owner, ten.store, None, 1, "credit")).code == "FAILED_PRECONDITION"
    assert (await budget(api, ten.owner, ten.uk, 5, 0, "credit")).code == "FAILED_PRECONDITION"
    assert await world.state(ten.master) == before


async def test_what_is_promised_is_kept(api: Api, ten: Brand, world: World, clock: Clock) -> None:
    """From those beside and above; for all below; until the cycle ends."""
    await clock.show(datetime.datetime.now(datetime.UTC) + 40 * _DAY)
    await budget_set(api, ten.owner, ten.us, None, 4)
    await reserved(api, ten.owner, ten.uk, *_NAMES[:5])
    before = await world.state(ten.master)
    for account in (ten.uk, ten.master):
        assert await _book(api, ten, account, 2) == "SEND_LIMIT_REACHED"
        assert await _warnings(api, ten, account, 2) == (-1, ["SEND_LIMIT"])
    assert await world.state(ten.master) == before
    await reserved(api, ten.owner, ten.uk, "ann")
    assert await _warnings(api, ten, ten.store, 3) == (1, [])
    await reserved(api, ten.owner, ten.store, *_NAMES[:3])
    assert await _book(api, ten, ten.us, 2) == "SEND_LIMIT_REACHED"
    last = await reserved(api, ten.owner, ten.us, "ann")
    assert await settle(api, ten.owner, "sendVoid", last) == ""
    assert await _book(api, ten, ten.uk, 1) == "SEND_LIMIT_REACHED", "what is given back is kept again"
    await clock.forward(days=32)
    assert await _book(api, ten, ten.uk, 7) == "SEND_LIMIT_REACHED"
    assert await _book(api, ten, ten.uk, 6) == ""
    assert await _book(api, ten, ten.us, 4) == ""


async def test_beyond_what_is_kept_is_paid(api: Api, brand: Brand, world: World) -> None:
    """Where a plan sells sends: others pay sooner, the one to whom they are promised does not."""
    await subscribe(world, brand.master, await make_plan(world, active_contacts=50, sends=10, send_price=10))
    await give_credit(world, brand.master, 100)
    await budget_set(api, brand.owner, brand.us, None, 4)
    other = await reserve(api, brand.owner, brand.uk, *_NAMES[:8])
    assert other.payload["reservation"]["price"] == "20"
    own = await reserve(api, brand.owner, brand.us, *_NAMES[:5])
    assert own.payload["reservation"]["price"] == "10"


async def test_no_more_is_promised_than_there_is(api: Api, ten: Brand, world: World) -> None:
    """By the plan, by the one that waits, and by what is left of this cycle (T22)."""
    await budget_set(api, ten.owner, ten.us, None, 6)
    await reserved(api, ten.owner, ten.uk, *_NAMES[:3])
    before = await world.state(ten.master)
    assert (await budget(api, ten.owner, ten.uk, None, 5)).code == "GUARANTEE_TOO_LARGE"
    assert (await budget(api, ten.owner, ten.us, None, 8)).code == "GUARANTEE_TOO_LARGE"
    smaller = await make_plan(world, active_contacts=50, sends=5)
    assert await _change(api, ten, smaller) == "GUARANTEE_TOO_LARGE"
    assert await world.state(ten.master) == before
    await budget_set(api, ten.owner, ten.us, None, 5)
    assert await _change(api, ten, smaller) == ""
    before = await world.state(ten.master)
    assert (await budget(api, ten.owner, ten.us, None, 6)).code == "GUARANTEE_TOO_LARGE"
    assert await world.state(ten.master) == before
    await budget_set(api, ten.owner, ten.us, 5, 5)


async def _change(api: Api, brand: Brand, plan: Plan) -> str:
    values = {"accountId": brand.master.id, "planId": plan.id, "expectedVersion": 1}
    return await code_of(api, "planChange", brand.owner, **values)


async def test_a_cap_leaves_room_for_what_is_promised_below(api: Api, ten: Brand, world: World) -> None:
    """So that neither is broken: whoever comes second is refused, or what is over the cap waits."""
    await subscribe(world, ten.us, await make_plan(world, active_contacts=50, sends=10, price=1))
    await budget_set(api, ten.owner, ten.us, 8)
    before = await world.state(ten.master)
    assert (await budget(api, ten.owner, ten.store, None, 9)).code == "GUARANTEE_TOO_LARGE"
    assert await world.state(ten.master) == before
    await budget_set(api, ten.owner, ten.store, None, 5)
    before = await world.state(ten.master)
    assert (await budget(api, ten.owner, ten.us, 4)).code == "GUARANTEE_TOO_LARGE"
    assert await _book(api, ten, ten.us, 4) == "SEND_CAP_REACHED"
    assert await world.state(ten.master) == before
    await reserved(api, ten.owner, ten.us, *_NAMES[:3])
    before = await world.state(ten.master)
    assert (await budget(api, ten.owner, ten.us, 7)).code == "GUARANTEE_TOO_LARGE"
    assert await world.state(ten.master) == before
    await reserved(api, ten.owner, ten.store, *_NAMES[:5])
    assert await _book(api, ten, ten.store, 1) == "SEND_CAP_REACHED"
    await budget_set(api, ten.owner, ten.us, 5)


async def test_a_closed_account_keeps_nothing_from_others(api: Api, ten: Brand, world: World) -> None:
    await budget_set(api, ten.owner, ten.uk, None, 8)
    assert await _book(api, ten, ten.us, 3) == "SEND_LIMIT_REACHED"
    await world.set_status(ten.uk, AccountStatus.CLOSED)
    assert await _book(api, ten, ten.us, 3) == ""


async def test_credit_that_is_promised_is_kept(
    api: Api, paying: Brand, world: World, database: AsyncEngine
) -> None:
    """Neither spent nor handed down by others; whoever it is promised to spends it, and further credit."""
    await reserved(api, paying.owner, paying.master, "ann")
    await budget_set(api, paying.owner, paying.us, None, 60, "credit")
    await own_balances(world, paying.uk)
    transfer = {"fromAccountId": paying.master.id, "toAccountId": paying.uk.id, "idempotencyKey": "1"}
    before = await world.state(paying.master)
    assert await _book(api, paying, paying.master, 5) == "INSUFFICIENT_CREDIT"
    assert (await _warnings(api, paying, paying.master, 5))[1] == ["BEYOND_PLAN", "INSUFFICIENT_CREDIT"]
    code = await code_of(api, "creditTransfer", paying.owner, **transfer, amount="41")
    assert code == "INSUFFICIENT_CREDIT"
    assert await world.state(paying.master) == before
    await done(api, "creditTransfer", paying.owner, **transfer, amount="30")
    assert await _book(api, paying, paying.us, 8) == "INSUFFICIENT_CREDIT"
    made = await reserve(api, paying.owner, paying.store, *_NAMES[:7])
    assert made.payload["reservation"]["price"] == "70"
    assert await balances_of(database, paying.master) == {"OUTSIDE": -100, "CREDIT": 0, "RESERVED": 70}
    assert await faults_of(database, paying.master, paying.uk) == []


async def test_a_pool_that_fell_short_is_left_to_the_promised(
    api: Api, paying: Brand, world: World, clock: Clock
) -> None:
    """A new cycle begins with the whole guarantee, whether or not the pool has that much."""
    await reserved(api, paying.owner, paying.master, "ann")
    await budget_set(api, paying.owner, paying.us, None, 60, "credit")
    spent = await reserved(api, paying.owner, paying.us, *_NAMES[:6])
    assert await settle(api, paying.owner, "sendCommit", spent) == ""
    await clock.forward(days=32)
    await reserved(api, paying.owner, paying.master, "ann")
    before = await world.state(paying.master)
    assert await _book(api, paying, paying.uk, 1) == "INSUFFICIENT_CREDIT"
    assert (await budget(api, paying.owner, paying.us, None, 61, "credit")).code == "GUARANTEE_TOO_LARGE"
    assert await world.state(paying.master) == before
    assert await _book(api, paying, paying.us, 5) == "INSUFFICIENT_CREDIT"
    assert await _book(api, paying, paying.us, 4) == ""


async def test_credit_has_caps_too(api: Api, paying: Brand, world: World) -> None:
    """Sends of the plan are not meant by it."""
    await budget_set(api, paying.owner, paying.us, 20, 0, "credit")
    assert await _book(api, paying, paying.store, 3) == ""
    before = await world.state(paying.master)
    assert await _book(api, paying, paying.us, 1) == "CREDIT_CAP_REACHED"
    assert (await _warnings(api, paying, paying.us, 1))[1] == ["BEYOND_PLAN", "CREDIT_CAP"]
    assert await world.state(paying.master) == before
    assert await _book(api, paying, paying.uk, 1) == ""


async def test_an_own_balance_ends_the_budget_of_credit(api: Api, paying: Brand, world: World) -> None:
    """T18; and a pool that is one no longer keeps nothing back when it is settled."""
    await budget_set(api, paying.owner, paying.us, 20, 10, "credit")
    mode = {"accountId": paying.us.id, "mode": "OWN_BALANCE"}
    shown = "account { creditBudget { cap } }"
    assert await done(api, "creditModeUpdate", paying.owner, shown, **mode) == {
        "account": {"creditBudget": None},
        "userErrors": [],
    }
    await give_credit(world, paying.us, 50)
    await budget_set(api, paying.owner, paying.store, None, 50, "credit")
    await done(api, "creditModeUpdate", paying.owner, **{**mode, "mode": "SHARED_POOL"})
    assert await credit_of(world.database, paying.us) == 0
    assert await credit_of(world.database, paying.master) == 150
    assert await _book(api, paying, paying.uk, 16) == "", "what was promised of the other pool rests"


async def test_a_preview_knows_what_has_lapsed(api: Api, paying: Brand, database: AsyncEngine) -> None:
    """It gives back what the next reservation would give back first: of caps and of credit."""
    await budget_set(api, paying.owner, paying.us, 11)
    await budget_set(api, paying.owner, paying.uk, 200, 0, "credit")
    await reserved(api, paying.owner, paying.us, *_NAMES[:11])
    assert (await _warnings(api, paying, paying.us, 1))[1] == [
        "BEYOND_PLAN",
        "SEND_CAP",
        "INSUFFICIENT_CREDIT",
    ]
    await let_expire(database, paying.us)
    assert await _warnings(api, paying, paying.us, 11) == (-10, ["BEYOND_PLAN"])
    assert await _book(api, paying, paying.us, 11) == ""
