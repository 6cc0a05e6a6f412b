"""A chain with a branch that is billed apart and buys its own credit, and then comes back (R44, R55, R59)."""

import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from tests.stories.business import Business
from tests.world.api import Api
from tests.world.billing import invoices_of, issue, lines_of, sums_of
from tests.world.credit import EURO
from tests.world.plans import make_plan
from tests.world.world import World

TWO_CENTS = EURO * 2 // 100
_COSTS = """query ($id: ID!, $since: DateTime!, $until: DateTime!) { account(id: $id) {
  costs(since: $since, until: $until) { nodes { name sends spentOnSends charged } } } }"""


async def test_branches_pay_for_themselves(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    # A chain of hotels has a plan for 40 euros a month. Five sends belong to it, others cost two cents.
    await clock.show(datetime.datetime(2027, 1, 15, 9, tzinfo=datetime.UTC))
    chain = await Business.founded(api, world, "Chain")
    plan = await make_plan(
        world, name="Chains", price=40 * EURO, active_contacts=100, sends=5, send_price=TWO_CENTS
    )
    await chain.begins_with(plan, clock, "Europe/Berlin")
    north, south = await chain.client("North"), await chain.client("South")
    await chain.top_up(10)

    # The north wants bills and credit of its own, to which the chain has to say yes.
    apart = {"accountId": north.account.id, "mode": "SEPARATE"}
    assert await north.refused("billingModeUpdate", **apart) == "BILLED_ACCOUNT_REQUIRED"
    await chain.does("billingModeUpdate", **apart)
    await chain.keeps_own_balance(north)

    # The south sends what belongs to the plan, and five more from the chain's credit. The north has none.
    await south.mail("ann ben cem dee eve")
    assert await north.cannot_mail("ann ben") == "INSUFFICIENT_CREDIT"
    await north.top_up(1)
    await north.mail("ann ben cem dee eve fay gil hal ida jon")
    await south.mail("ann ben cem dee eve")
    assert [await one.cents() for one in (chain, north, south)] == [990, 80, 0]

    # In February each of the two gets its bill: what credit has paid is paid, but for its tax.
    await clock.show(datetime.datetime(2027, 2, 15, 9, tzinfo=datetime.UTC))
    await issue(application)
    (chains,) = await invoices_of(api, chain.owner, chain.account)
    (norths,) = await invoices_of(api, north.owner, north.account)
    assert lines_of(chains) == [("Chain", "PLAN", 1, 4000), ("South", "SENDS_BEYOND", 5, 10)]
    assert sums_of(chains) == {"net": 4010, "tax": 762, "total": 4772, "prepaid": 10, "due": 4762}
    assert lines_of(norths) == [("North", "SENDS_BEYOND", 10, 20)]
    assert sums_of(norths) == {"net": 20, "tax": 4, "total": 24, "prepaid": 20, "due": 4}

    # The chain sees the north's bill, as it manages it; the north sees nothing but its own.
    seen = "query ($id: ID!) { invoice(id: $id) { number } }"
    assert (await api.read(seen, chain.owner, id=norths["id"]))["invoice"] == {"number": norths["number"]}
    assert (await api.ask(seen, north.owner, id=chains["id"])).codes == ["NOT_FOUND"]
    assert (await api.ask(seen, south.owner, id=norths["id"])).codes == ["NOT_FOUND"]

    # What each of its hotels sent and cost, the chain can compare, whosever bill it was on.
    month = {"since": "2027-01-01T00:00:00Z", "until": "2027-02-15T09:00:00Z"}
    costs = (await api.read(_COSTS, chain.owner, id=chain.account.id, **month))["account"]["costs"]["nodes"]
    assert {node["name"]: (node["sends"], node["spentOnSends"], node["charged"]) for node in costs} == {
        "Chain": (0, "0", str(40 * EURO)),
        "North": (10, str(10 * TWO_CENTS), "0"),
        "South": (10, str(5 * TWO_CENTS), "0"),
    }

    # The north comes back onto the chain's bill. What its own credit has paid for stays its own; what the
    # chain's pays for from now on is the chain's.
    await north.mail("ann ben cem dee eve fay")
    await chain.does("billingModeUpdate", accountId=north.account.id, mode="CONSOLIDATED")
    await north.mail("ann")
    await chain.does("creditModeUpdate", accountId=north.account.id, mode="SHARED_POOL")
    await north.mail("ann ben cem")
    await clock.show(datetime.datetime(2027, 3, 15, 9, tzinfo=datetime.UTC))
    await issue(application)
    second = (await invoices_of(api, chain.owner, chain.account))[1]
    assert lines_of(second) == [("Chain", "PLAN", 1, 4000), ("North", "SENDS_BEYOND", 3, 6)]
    last = (await invoices_of(api, north.owner, north.account))[1]
    assert lines_of(last) == [("North", "SENDS_BEYOND", 2, 4)]
    numbers = sorted(int(one["number"].removeprefix("INV-")) for one in (chains, norths, second, last))
    assert numbers == list(range(numbers[0], numbers[0] + 4))
