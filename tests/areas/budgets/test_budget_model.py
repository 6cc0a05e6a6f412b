"""Budgets against a small model: random trees, random bookings, whatever lapses in between (N10, T18).

No cap is ever passed, no guarantee ever refused, and a preview tells what a reservation then does.
"""

import random
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from models.sending.tables import send_reservations
from server.database.clock import Clock
from tests.areas.budgets.budget_model import COMMITTED, GONE, LAPSED, LIVE, Booked, Limits, Model
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.budgets import budget
from tests.world.credit import credit_of, faults_of, give_credit, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking, check_counts, reserve, settle
from tests.world.world import Account, Member, World

_STEPS = 45
_ACCOUNTS = 6
_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!]) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients) {
  newContacts price warnings } }"""
_CODES = {
    "SEND_LIMIT": "SEND_LIMIT_REACHED",
    "SEND_CAP": "SEND_CAP_REACHED",
    "CREDIT_CAP": "CREDIT_CAP_REACHED",
    "INSUFFICIENT_CREDIT": "INSUFFICIENT_CREDIT",
    "BEYOND_PLAN": "",
}
"""What a reservation answers where a preview warns of this first."""


class _Story:
    """A random tree, and what happens in it."""

    def __init__(self, api: Api, world: World, clock: Clock, seed: int) -> None:
        self.api, self.world, self.clock = api, world, clock
        self.chance = random.Random(seed)
        self.accounts: dict[str, Account] = {}

    async def begin(self) -> None:
        """Make the tree: some accounts have plans of their own, some credit."""
        chance, world = self.chance, self.world
        root = await world.account(name="root")
        self.accounts = {"root": root}
        self.model = Model({"root": None}, {}, {})
        self.owner: Member = await world.member(root, BuiltinRole.OWNER)
        await self._plan("root", chance.choice([None, 3, 3]))
        await self._credit("root", 40)
        for number in range(1, _ACCOUNTS):
            name, parent = f"a{number}", chance.choice(list(self.accounts))
            parent = chance.choice([parent, "root"])
            self.accounts[name] = await world.account(self.accounts[parent], name)
            self.model.parents[name] = parent
            if chance.random() < 0.25:
                await self._plan(name, chance.choice([None, 2]))
            if chance.random() < 0.25:
                await self._credit(name, 20)
        for _ in range(2 * _ACCOUNTS):
            await self.set_budget()

    async def _plan(self, name: str, send_price: int | None) -> None:
        sends = self.chance.randint(8, 20) if send_price is None else self.chance.randint(3, 8)
        plan = await make_plan(self.world, price=1, active_contacts=50, sends=sends, send_price=send_price)
        await subscribe(self.world, self.accounts[name], plan)
        self.model.plans[name] = sends, send_price

    async def _credit(self, name: str, amount: int) -> None:
        if name != "root":
            await own_balances(self.world, self.accounts[name])
        await give_credit(self.world, self.accounts[name], amount)
        self.model.credit[name] = amount

    async def set_budget(self) -> None:
        """Whether it is taken or not is another test's matter; what is taken holds."""
        name = self.chance.choice([one for one in self.accounts if one != "root"])
        currency = self.chance.choice(["send", "credit"])
        guarantee = self.chance.choice([0, *range(1, 9)])
        cap = self.chance.choice([None, guarantee + self.chance.randint(-1, 8)])
        made = await budget(self.api, self.owner, self.accounts[name], cap, guarantee, currency)
        if not made.done:
            assert made.code in {"GUARANTEE_TOO_LARGE", "FAILED_PRECONDITION", "BAD_USER_INPUT"}, made
            return
        held = self.model.sends if currency == "send" else self.model.money
        held[name] = Limits(cap, guarantee)

    async def book(self) -> None:
        """The preview, the reservation and the model agree."""
        promised = [one for one in self.accounts if self.model.kept_sends(one) or self.model.kept_money(one)]
        name = self.chance.choice([*self.accounts, *promised, *promised])
        number = self.chance.randint(1, 6)
        verdict, wanted = self.model.book(name, number)
        people = self.chance.sample([f"p{one}" for one in range(12)], number)
        own = self.model.kept_sends(name)
        values = booking(self.accounts[name], *people)
        del values["idempotencyKey"]
        shown = (await self.api.read(_PREVIEW, self.owner, **values))["sendPreview"]
        made = await reserve(self.api, self.owner, self.accounts[name], *people)
        assert made.code == verdict.code, (name, number)
        assert next((_CODES[one] for one in shown["warnings"] if _CODES[one]), "") == made.code
        assert int(shown["price"]) == verdict.price
        if number <= own:
            assert made.code == "", "it is inside the guarantee"
        if not made.done:
            return
        done = made.payload["reservation"]
        assert (int(done["price"]), done["newContacts"]) == (verdict.price, shown["newContacts"])
        self.model.give_back(wanted.subscriber)
        self.model.credit[wanted.payer] -= wanted.price
        wanted.id = done["id"]
        self.model.booked.append(wanted)

    async def settle_one(self) -> None:
        """Commit, void, or let lapse."""
        open_ = [one for one in self.model.booked if one.status == LIVE]
        if not open_:
            return
        one, what = self.chance.choice(open_), self.chance.choice(["sendCommit", "sendVoid", "lapse"])
        if what == "lapse":
            await _lapse(self.world.database, one)
            one.status = LAPSED
            return
        assert await settle(self.api, self.owner, what, one.id) == ""
        if what == "sendVoid":
            self.model.release(one)
        else:
            one.status = COMMITTED

    async def hand_over(self) -> None:
        """Credit that is kept for others is not transferred either."""
        pools = [one for one in self.model.credit if one != "root"]
        if not pools:
            return
        below, amount = self.chance.choice(pools), self.chance.randint(1, 15)
        source, target = ("root", below) if self.chance.random() < 0.5 else (below, "root")
        values: dict[str, Any] = {"fromAccountId": self.accounts[source].id}
        values |= {"toAccountId": self.accounts[target].id, "amount": str(amount)}
        key = f"{self.chance.random()}"
        made = await attempt(self.api, "creditTransfer", self.owner, **values, idempotencyKey=key)
        enough = self.model.credit[source] - amount >= self.model.pool_kept(source)
        assert made.code == ("" if enough else "INSUFFICIENT_CREDIT")
        if made.done:
            self.model.credit[source] -= amount
            self.model.credit[target] += amount

    async def next_cycle(self) -> None:
        """Nothing is used of it, and what was not settled has lapsed."""
        await self.clock.forward(days=32)
        self.model.cycle += 1
        for one in self.model.booked:
            if one.status == LIVE:
                one.status = LAPSED

    async def check(self) -> None:
        """What holds at every moment."""
        for name, limits in self.model.sends.items():
            if limits.cap is not None and self.model.kept_sends(name):
                assert self.model.cap_load(name) <= limits.cap, "what is promised fits under the cap"
        for name, (limit, send_price) in self.model.plans.items():
            if send_price is None:
                assert self.model.plan_load(name) <= limit
        for name in self.model.credit:
            assert await credit_of(self.world.database, self.accounts[name]) == self.model.credit[name]

        for name in self.model.parents:
            shown = await self._shown(name)
            if shown["sendBudget"] is not None:
                assert shown["sendBudget"]["used"] == self.model.used_sends(name)
            if shown["creditBudget"] is not None:
                counted = [one for one in self.model.taken(name) if one.status != LAPSED]
                assert int(shown["creditBudget"]["used"]) == sum(one.price for one in counted)

    async def _shown(self, name: str) -> dict[str, Any]:
        query = "query ($id: ID!) { account(id: $id) { sendBudget { used } creditBudget { used } } }"
        found = await self.api.read(query, self.owner, id=self.accounts[name].id)
        shown: dict[str, Any] = found["account"]
        return shown


@pytest.mark.parametrize("seed", seeds(2))
async def test_any_order(api: Api, world: World, database: AsyncEngine, clock: Clock, seed: int) -> None:
    """Budgets, bookings, transfers and cycles in whatever order."""
    story = _Story(api, world, clock, seed)
    await story.begin()
    kinds = [story.set_budget] * 2 + [story.book] * 7 + [story.settle_one] * 3 + [story.hand_over]
    for step in range(_STEPS):
        try:
            await story.chance.choice(kinds)()
            if step % 20 == 19:
                await story.next_cycle()
            await story.check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, step {step}") from error
    assert {one.status for one in story.model.booked} & {COMMITTED, GONE}
    assert await faults_of(database, *story.accounts.values()) == []
    await check_counts(database, story.accounts["root"])


async def _lapse(database: AsyncEngine, one: Booked) -> None:
    reservation = send_reservations.c
    statement = update(send_reservations).where(reservation.id == parse(Kind.SEND_RESERVATION, one.id))
    async with database.begin() as connection:
        await connection.execute(statement.values(expires_at=reservation.created_at))
