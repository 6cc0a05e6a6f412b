"""A chain with a branch that is billed apart and buys its own credit, and then comes back (R44, R55, R59)."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from tests.client.api import Api
from tests.stories.business import Business
from tests.world.billing import invoices_of, issue, lines_of, sums_of
from tests.world.credit import EURO
from tests.world.plans import make_plan
from tests.world.world import World

JANUARY = datetime.datetime(2027, 1, 15, 9, tzinfo=datetime.UTC)
FEBRUARY, MARCH = JANUARY.replace(month=2), JANUARY.replace(month=3)
TWO_CENTS = EURO * 2 // 100
_COSTS = """query ($id: ID!, $since: DateTime!, $until: DateTime!) { account(id: $id) {
  costs(since: $since, until: $until) { nodes { name sends spentOnSends charged } } } }"""


@dataclass(frozen=True)
class Chain:
    """A chain of hotels with two branches."""

    api: Api
    clock: Clock
    application: AsyncEngine
    chain: Business
    north: Business
    south: Business

    @classmethod
    async def founded(cls, api: Api, world: World, clock: Clock, application: AsyncEngine) -> "Chain":
        """With a plan for 40 euros a month. Five sends belong to it, others cost two cents."""
        await clock.show(JANUARY)
        chain = await Business.founded(api, world, "Chain")
        plan = await make_plan(
            world, name="Chains", price=40 * EURO, active_contacts=100, sends=5, send_price=TWO_CENTS
        )
        await chain.begins_with(plan, clock, "Europe/Berlin")
        north, south = await chain.client("North"), await chain.client("South")
        await chain.top_up(10)
        return cls(api, clock, application, chain, north, south)

    async def parts_with_the_north(self) -> None:
        """It wants bills and credit of its own, to which the chain has to say yes."""
        apart = {"accountId": self.north.account.id, "mode": "SEPARATE"}
        assert await self.north.refused("billingModeUpdate", **apart) == "BILLED_ACCOUNT_REQUIRED"
        await self.chain.does("billingModeUpdate", **apart)
        await self.chain.keeps_own_balance(self.north)

    async def sends(self) -> None:
        """The south sends what belongs to the plan, and five more from the chain's credit. The north has
        none."""
        await self.south.mail("ann ben cem dee eve")
        assert await self.north.cannot_mail("ann ben") == "INSUFFICIENT_CREDIT"
        await self.north.top_up(1)
        await self.north.mail("ann ben cem dee eve fay gil hal ida jon")
        await self.south.mail("ann ben cem dee eve")
        assert [await one.cents() for one in (self.chain, self.north, self.south)] == [990, 80, 0]

    async def is_billed_in_two(self) -> list[dict[str, Any]]:
        """Its bill and the north's: what credit has paid is paid, but for its tax."""
        await self.clock.show(FEBRUARY)
        await issue(self.application)
        (chains,) = await self._invoices(self.chain)
        (norths,) = await self._invoices(self.north)
        assert lines_of(chains) == [("Chain", "PLAN", 1, 4000), ("South", "SENDS_BEYOND", 5, 10)]
        assert sums_of(chains) == {"net": 4010, "tax": 762, "total": 4772, "prepaid": 10, "due": 4762}
        assert lines_of(norths) == [("North", "SENDS_BEYOND", 10, 20)]
        assert sums_of(norths) == {"net": 20, "tax": 4, "total": 24, "prepaid": 20, "due": 4}

        # The chain sees the north's bill, as it manages it; the north sees nothing but its own.
        seen, ask = "query ($id: ID!) { invoice(id: $id) { number } }", self.api.ask
        by_chain = await self.api.read(seen, self.chain.owner, id=norths["id"])
        assert by_chain["invoice"] == {"number": norths["number"]}
        assert (await ask(seen, self.north.owner, id=chains["id"])).codes == ["NOT_FOUND"]
        assert (await ask(seen, self.south.owner, id=norths["id"])).codes == ["NOT_FOUND"]
        return [chains, norths]

    async def compares_its_hotels(self) -> None:
        """What each sent and cost, whosever bill it was on."""
        month = {"since": "2027-01-01T00:00:00Z", "until": "2027-02-15T09:00:00Z"}
        read = await self.api.read(_COSTS, self.chain.owner, id=self.chain.account.id, **month)
        costs = read["account"]["costs"]["nodes"]
        assert {node["name"]: (node["sends"], node["spentOnSends"], node["charged"]) for node in costs} == {
            "Chain": (0, "0", str(40 * EURO)),
            "North": (10, str(10 * TWO_CENTS), "0"),
            "South": (10, str(5 * TWO_CENTS), "0"),
        }

    async def takes_the_north_back(self) -> list[dict[str, Any]]:
        """The second bills: what the north's own credit has paid for stays its own; what the chain's pays for
        from now on is the chain's."""
        await self.north.mail("ann ben cem dee eve fay")
        await self.chain.does("billingModeUpdate", accountId=self.north.account.id, mode="CONSOLIDATED")
        await self.north.mail("ann")
        await self.chain.does("creditModeUpdate", accountId=self.north.account.id, mode="SHARED_POOL")
        await self.north.mail("ann ben cem")
        await self.clock.show(MARCH)
        await issue(self.application)
        second = (await self._invoices(self.chain))[1]
        assert lines_of(second) == [("Chain", "PLAN", 1, 4000), ("North", "SENDS_BEYOND", 3, 6)]
        last = (await self._invoices(self.north))[1]
        assert lines_of(last) == [("North", "SENDS_BEYOND", 2, 4)]
        return [second, last]

    async def _invoices(self, of: Business) -> list[dict[str, Any]]:
        return await invoices_of(self.api, of.owner, of.account)


async def test_branches_pay_for_themselves(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    story = await Chain.founded(api, world, clock, application)
    await story.parts_with_the_north()
    await story.sends()
    first = await story.is_billed_in_two()
    await story.compares_its_hotels()
    second = await story.takes_the_north_back()
    numbers = sorted(int(one["number"].removeprefix("INV-")) for one in (*first, *second))
    assert numbers == list(range(numbers[0], numbers[0] + 4))
