"""Who gets which invoice, month after month (R20, R27, R55, R58, R59, R61)."""

import datetime
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.sending.tables import ReservationStatus
from server.database.clock import Clock
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.billing import invoices_of, issue, lines_of, send, sums_of
from tests.world.credit import EURO, credit_of, give_credit, own_balances
from tests.world.plans import Plan, choose, make_plan, subscribe
from tests.world.sends import give_reservation, reserved, settle
from tests.world.world import Account, Member, World


def _day(month: int, day: int, hour: int = 12) -> datetime.datetime:
    return datetime.datetime(2031, month, day, hour, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Agency:
    """A master account under a plan for 59 euros with three sends, and two clients below it."""

    master: Account
    owner: Member
    hotel: Account
    books: Account
    plan: Plan


@pytest.fixture
async def agency(world: World, clock: Clock) -> Agency:
    """On 31 January, in Berlin."""
    await clock.show(_day(1, 31))
    master = await world.account(name="Agency")
    owner = await world.member(master, BuiltinRole.OWNER)
    hotel, books = await world.account(master, "Hotel"), await world.account(master, "Books")
    limits = {"active_contacts": 50, "sends": 3, "send_price": 2_005, "block_price": 9 * EURO}
    plan = await make_plan(world, name="Growth", price=59 * EURO, **limits)
    await subscribe(world, master, plan, "Europe/Berlin", _day(1, 31))
    await give_credit(world, master, 100 * EURO)
    return Agency(master, owner, hotel, books, plan)


async def test_one_invoice_for_all(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """R20, R27: the plan, what was bought, and what each client sent beyond; paid from credit is prepaid."""
    await send(api, agency.owner, agency.hotel, *"abcd")
    await send(api, agency.owner, agency.books, *"abcdefg")
    await send(api, agency.owner, agency.books, "h")
    bought = {"accountId": agency.master.id, "blocks": 2, "idempotencyKey": "1"}
    await done(api, "limitIncrease", agency.owner, **bought)
    await clock.show(_day(2, 28, 0))
    await issue(application)
    assert await invoices_of(api, agency.owner, agency.master) == [], "two hours after the end"
    await clock.forward(minutes=61)
    await issue(application)
    await issue(application)
    (first,) = await invoices_of(api, agency.owner, agency.master)
    assert (first["startsAt"], first["endsAt"]) == ("2031-01-30T23:00:00+00:00", "2031-02-27T23:00:00+00:00")
    # 1 and 8 sends for 0.002005 each: a fifth of a cent, and 1.604 cents.
    assert lines_of(first) == [
        ("Agency", "PLAN", 1, 5900),
        ("Agency", "CONTACT_BLOCK", 1, 1800),
        ("Hotel", "SENDS_BEYOND", 1, 0),
        ("Books", "SENDS_BEYOND", 8, 2),
    ]
    assert sums_of(first) == {"net": 7702, "tax": 1463, "total": 9165, "prepaid": 2, "due": 9163}
    assert await credit_of(world.database, agency.master) == 100 * EURO - 9 * 2_005
    await clock.show(_day(3, 31))
    await issue(application)
    second = (await invoices_of(api, agency.owner, agency.master))[1]
    assert lines_of(second) == [("Agency", "PLAN", 1, 5900)], "nothing is charged twice"
    assert (second["startsAt"], second["endsAt"]) == (first["endsAt"], "2031-03-30T22:00:00+00:00")
    assert await invoices_of(api, agency.owner, agency.hotel) == []
    numbers = [int(one["number"].removeprefix("INV-")) for one in (first, second)]
    assert numbers[1] == numbers[0] + 1


async def test_a_branch_with_its_own(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """R55, R59: what it and those below it used; its parent's invoice has the rest."""
    stand = await world.account(agency.hotel, "Stand")
    mode = {"accountId": agency.hotel.id, "mode": "SEPARATE"}
    shown = "account { billingMode invoicedAccount { id } }"
    made = await done(api, "billingModeUpdate", agency.owner, shown, **mode)
    assert made["account"] == {"billingMode": "SEPARATE", "invoicedAccount": {"id": agency.hotel.id}}
    await own_balances(world, agency.hotel)
    await give_credit(world, agency.hotel, 10 * EURO)
    address = {"name": "Hotel Ltd", "street": "Rue 1", "postcode": "75001", "city": "Paris"}
    address |= {"country": "fr", "vatId": "FR 12.345-678901", "email": "Bills@hotel.example"}
    shown = "account { billingDetails { name street postcode city country vatId email } }"
    made = await done(api, "billingDetailsUpdate", agency.owner, shown, accountId=agency.hotel.id, **address)
    found = made["account"]["billingDetails"]
    assert (found["country"], found["vatId"], found["email"]) == (
        "FR",
        "FR12345678901",
        "Bills@hotel.example",
    )
    await send(api, agency.owner, stand, *"abcd")
    await send(api, agency.owner, agency.books, *"ab")
    await clock.show(_day(2, 28))
    await issue(application)
    (parents,) = await invoices_of(api, agency.owner, agency.master)
    (own,) = await invoices_of(
        api,
        agency.owner,
        agency.hotel,
        "xml number lines { nodes { account { id } accountName product amount quantity } }",
    )
    assert lines_of(parents) == [("Agency", "PLAN", 1, 5900), ("Books", "SENDS_BEYOND", 2, 0)]
    assert lines_of(own) == [("Stand", "SENDS_BEYOND", 1, 0)]
    assert own["lines"]["nodes"][0]["account"] == {"id": stand.id}
    for text in ("Hotel Ltd", "Rue 1", "75001", "Paris", "FR12345678901", "Bills@hotel.example"):
        assert text in own["xml"]
    assert f">{own['number']}<" in own["xml"]


async def test_clients_with_plans_of_their_own_on_one_invoice(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """R27: whatever days their cycles end on, they come on the one of the cycle in which that is."""
    small = await make_plan(world, name="Small", price=7 * EURO)
    await subscribe(world, agency.hotel, small, "UTC", _day(2, 15))
    await subscribe(world, agency.books, small, "Asia/Tokyo", _day(2, 28))
    for month, day in ((2, 28), (3, 16), (3, 31), (4, 30)):
        await clock.show(_day(month, day))
        await issue(application)
    found = await invoices_of(api, agency.owner, agency.master)
    assert [lines_of(one) for one in found] == [
        [("Agency", "PLAN", 1, 5900)],
        [("Agency", "PLAN", 1, 5900), ("Hotel", "PLAN", 1, 700), ("Books", "PLAN", 1, 700)],
        [("Agency", "PLAN", 1, 5900), ("Hotel", "PLAN", 1, 700), ("Books", "PLAN", 1, 700)],
    ]


async def test_a_worker_that_was_away_issues_month_by_month(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """The mode at the end of each cycle decided about it; month ends are counted from the anchor (T20)."""
    small = await make_plan(world, name="Small", price=7 * EURO)
    await subscribe(world, agency.hotel, small, "Europe/Berlin", _day(1, 31))
    await clock.show(_day(3, 10))
    await done(api, "billingModeUpdate", agency.owner, accountId=agency.hotel.id, mode="SEPARATE")
    await clock.show(_day(4, 10))
    await done(api, "billingModeUpdate", agency.owner, accountId=agency.hotel.id, mode="CONSOLIDATED")
    await clock.show(_day(5, 31))
    await issue(application)
    parents = await invoices_of(api, agency.owner, agency.master)
    assert [len(lines_of(one)) for one in parents] == [2, 1, 2, 2]
    assert [one["endsAt"] for one in parents] == [
        "2031-02-27T23:00:00+00:00",
        "2031-03-30T22:00:00+00:00",
        "2031-04-29T22:00:00+00:00",
        "2031-05-30T22:00:00+00:00",
    ]
    (own,) = await invoices_of(api, agency.owner, agency.hotel)
    assert (lines_of(own), own["endsAt"]) == ([("Hotel", "PLAN", 1, 700)], "2031-03-30T22:00:00+00:00")


async def test_a_larger_plan_in_the_middle_costs_its_whole_price(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """T22: it gave all of its contacts at once; a smaller one, which waits, costs its own in the next."""
    large = await make_plan(world, name="Large", price=100 * EURO)
    free = await make_plan(world, name="Nothing", price=0)
    await choose(world, agency.master, large, _day(2, 27, 22) + datetime.timedelta(minutes=59))
    await choose(world, agency.master, free, _day(2, 27, 23))
    await clock.show(_day(4, 15))
    await issue(application)
    (only,) = await invoices_of(api, agency.owner, agency.master)
    assert lines_of(only) == [("Agency", "PLAN", 1, 10_000)], "a free cycle without anything gives none"


async def test_what_is_still_open_is_waited_for(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine
) -> None:
    """A send that was booked in the cycle's last minute and committed in the next cycle is on its invoice."""
    await clock.show(_day(2, 27, 22) + datetime.timedelta(minutes=55))
    await send(api, agency.owner, agency.hotel, *"abc")
    late = await reserved(api, agency.owner, agency.hotel, "d")
    await clock.show(_day(2, 27, 23) + datetime.timedelta(minutes=5))
    assert await settle(api, agency.owner, "sendCommit", late) == ""
    await clock.show(_day(2, 28))
    await issue(application)
    (only,) = await invoices_of(api, agency.owner, agency.master)
    assert lines_of(only)[1:] == [("Hotel", "SENDS_BEYOND", 1, 0)]


async def test_a_tree_that_never_chose_a_plan(
    api: Api, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """Free as it is shipped; where a deployment sells sends beyond it, these are invoiced all the same."""
    master = await world.account(name="Shop")
    owner = await world.member(master, BuiltinRole.OWNER)
    values = {"price": 5 * 2_000, "beyond": 5, "recipients": 9}
    await give_reservation(world, master, ReservationStatus.COMMITTED, **values)
    await clock.forward(days=80)
    await issue(application)
    await issue(application)
    (only,) = await invoices_of(api, owner, master)
    assert lines_of(only) == [("Shop", "SENDS_BEYOND", 5, 1)]


async def test_a_closed_account_is_billed_to_its_end(
    api: Api, agency: Agency, clock: Clock, application: AsyncEngine, world: World
) -> None:
    """Suspended it pays on; closed, for the cycle in which it was closed and no other."""
    small = await make_plan(world, name="Small", price=7 * EURO)
    now = datetime.datetime.now(datetime.UTC)
    await clock.reset()
    await subscribe(world, agency.hotel, small, "UTC", now - datetime.timedelta(days=40))
    await world.set_status(agency.hotel, AccountStatus.SUSPENDED)
    await done(api, "accountClose", agency.owner, accountId=agency.hotel.id)
    await clock.forward(days=120)
    await issue(application)
    query = "lines { nodes { accountName product quantity amount } }"
    found = await invoices_of(api, agency.owner, agency.master, query)
    hotels = [line for one in found for line in lines_of(one) if line[0] == "Hotel"]
    assert hotels == [("Hotel", "PLAN", 1, 700)] * 2
