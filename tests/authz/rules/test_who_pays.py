"""Who decides must be who pays: on random trees nobody makes others pay who were not asked (R28, R60)."""

import datetime
import random
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from resolvers.billing import payers
from tests.authz.escalation.profiles import seeds
from tests.authz.rules.consequences import Consequences, Pays
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.billing import separate
from tests.world.budgets import set_budget
from tests.world.credit import EURO, give_credit, own_balances
from tests.world.oracles import told_by_areas
from tests.world.plans import Plan, choose, make_plan, subscribe
from tests.world.sends import booking
from tests.world.world import Account, ApiKey, World

CONSEQUENCES: dict[str, Consequences] = told_by_areas("CONSEQUENCES")

_OTHERS_PAY = set(Pays) - {Pays.NOBODY, Pays.ITSELF, Pays.BOTH_SIDES}
_LIKE_OTHERS = {"accountClose", "creditBudgetUpdate", "sendCommit", "sendVoid", "messageSend"} | {
    *("campaignSend", "campaignSchedule", "campaignApprove"),
}
"""Not drawn: they ask as `sendBudgetUpdate` does, pass the gate of `sendReserve`, settle what was booked, or
hand on what is left."""
_STEPS = 50
_ACCOUNTS = 6
_SEEDS = seeds(2)

_MODES = text("""
  SELECT id, parent_id, parent_id IS NULL OR credit_mode = 'OWN_BALANCE' AS pool,
    parent_id IS NULL OR 'SEPARATE' = (SELECT mode FROM billing_mode_choices AS choice
      WHERE choice.account_id = accounts.id ORDER BY holds_from DESC, choice.id DESC LIMIT 1)
      AS billed
  FROM accounts WHERE master_id = :tree""")
_PLANS = text("""
  SELECT choice.account_id, choice.holds_from, choice.id, plans.price
  FROM plan_choices AS choice JOIN plans ON plans.id = choice.plan_id
  WHERE choice.master_id = :tree AND choice.withdrawn_at IS NULL ORDER BY choice.holds_from, choice.id""")
_BOUGHT = text(
    "SELECT account_id, sum(price) AS price FROM limit_increases WHERE master_id = :tree GROUP BY 1"
)
_SPENT = text("""
  SELECT account_id, payer_id, sum(price) AS price FROM send_reservations
  WHERE master_id = :tree AND status IN ('RESERVED', 'COMMITTED') GROUP BY 1, 2""")
_CAPS = text(
    "SELECT account_id, cap FROM budgets WHERE master_id = :tree AND currency = 'SENDS' AND cap IS NOT NULL"
)


@dataclass
class Bills:
    """What each account is to pay as things are: for this cycle, for the next one, for what was sent; and the
    caps of sends. Worked out here from the rows, by the rules of decision 24."""

    now: Counter[uuid.UUID] = field(default_factory=Counter)
    later: Counter[uuid.UUID] = field(default_factory=Counter)
    sent: Counter[uuid.UUID] = field(default_factory=Counter)
    caps: dict[uuid.UUID, int] = field(default_factory=dict)
    pools: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    def same(self, after: "Bills") -> bool:
        """Whether nobody is to pay anything else, and no cap has moved."""
        mine, others = (vars(self) | {"pools": None}, vars(after) | {"pools": None})
        return mine == others

    def raised_beside(self, after: "Bills", asked: set[uuid.UUID]) -> set[uuid.UUID]:
        """Who pays more for plans than before, of those that were not asked."""
        found = {
            payer
            for before, then in ((self.now, after.now), (self.later, after.later))
            for payer in then
            if then[payer] > before[payer]
        }
        return found - asked


async def _bills(database: AsyncEngine, tree: uuid.UUID) -> Bills:
    modes = {row.id: row for row in await _rows(database, _MODES, tree)}

    def nearest(account: uuid.UUID, what: str) -> uuid.UUID:
        while not getattr(modes[account], what):
            account = modes[account].parent_id
        return account

    bills = Bills(pools={account: nearest(account, "pool") for account in modes})
    now = datetime.datetime.now(datetime.UTC)
    chosen = await _rows(database, _PLANS, tree)
    latest = {row.account_id: row.price for row in chosen}
    present = {row.account_id: row.price for row in chosen if row.holds_from <= now}
    for prices, owed in ((present, bills.now), (latest, bills.later)):
        for account, price in prices.items():
            owed[nearest(account, "billed")] += price
    for row in await _rows(database, _BOUGHT, tree):
        bills.now[nearest(row.account_id, "billed")] += int(row.price)
    for row in await _rows(database, _SPENT, tree):
        bills.sent[row.payer_id] += int(row.price)
    bills.caps |= {row.account_id: row.cap for row in await _rows(database, _CAPS, tree)}
    return bills


async def _rows(
    database: AsyncEngine, statement: TextClause, tree: uuid.UUID
) -> Sequence[Row[*tuple[Any, ...]]]:
    async with database.connect() as connection:
        return (await connection.execute(statement, {"tree": tree})).all()


class _Story:
    """A random tree whose accounts have a key each, with all rights there and below, and what the keys do."""

    def __init__(self, api: Api, world: World, seed: int) -> None:
        self.api, self.world, self.chance = api, world, random.Random(seed)
        self.accounts: list[Account] = []
        self.keys: list[ApiKey] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.acts: dict[str, Callable[[Account], dict[str, Any]]] = {
            "planChange": lambda _: {"planId": self.chance.choice(self.plans).id, "timeZone": None},
            "planChangeWithdraw": lambda _: {},
            "limitIncrease": lambda _: {"blocks": 1, "idempotencyKey": str(self.chance.random())},
            "billingModeUpdate": lambda _: {"mode": self.chance.choice(["SEPARATE", "CONSOLIDATED"])},
            "creditModeUpdate": lambda _: {"mode": self.chance.choice(["SHARED_POOL", "OWN_BALANCE"])},
            "sendBudgetUpdate": lambda _: {"cap": self.chance.choice([None, 1000, 5000]), "guarantee": 0},
            "sendReserve": lambda account: booking(account, "ann", "bob", key=str(self.chance.random())),
        }

    async def begin(self) -> None:
        """Some pay for themselves, some have plans of their own, some of them wait, some have caps."""
        world, chance = self.world, self.chance
        figures = {"sends": 10**4, "send_price": EURO // 100, "block_price": 3 * EURO}
        prices = (5, 20, 80)
        self.plans: list[Plan] = [
            await make_plan(world, price=price * EURO, active_contacts=price * 1000, **figures)
            for price in prices
        ]
        small = await make_plan(world, price=EURO, **figures | {"sends": 1, "active_contacts": 10**4})
        for number in range(_ACCOUNTS):
            parent = chance.choice(self.accounts[-2:]) if number else None
            account = await world.account(parent)
            self.accounts.append(account)
            self.keys.append(await world.api_key(account, BuiltinRole.ADMINISTRATOR))
            if parent is None:
                await subscribe(world, account, small)
            elif chance.random() < 0.6:
                await subscribe(world, account, chance.choice([*self.plans, small]))
                if chance.random() < 0.5:
                    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9)
                    await choose(world, account, chance.choice(self.plans), later)
            if parent is not None and chance.random() < 0.5:
                await own_balances(world, account)
            if parent is None or chance.random() < 0.5:
                await give_credit(world, account, EURO)
            if parent is not None and chance.random() < 0.4:
                await separate(world, account)
            if parent is not None and chance.random() < 0.3:
                await set_budget(world, account, 2000)
        self.tree = self.accounts[0].master

    async def step(self) -> None:
        """One act of one key, and who pays for it afterwards."""
        actor = self.chance.randrange(_ACCOUNTS)
        home = self.accounts[actor]
        below = [account for account in self.accounts if home is account or home.key in account.path]
        target = self.chance.choice(below)
        name = self.chance.choice(list(self.acts))
        values = self.acts[name](target) | {"accountId": target.id}
        if name in ("planChange", "planChangeWithdraw"):
            values["expectedVersion"] = await self._version(target)
        if name == "planChange" and self.chance.random() < 0.5:
            values["timeZone"] = "Europe/Paris"
        values = {given: value for given, value in values.items() if value is not None or given == "cap"}
        before = await _bills(self.world.database, self.tree)
        made = await attempt(self.api, name, self.keys[actor], **values)
        after = await _bills(self.world.database, self.tree)
        told = (name, made.code, actor, self.accounts.index(target))
        if made.done:
            self.done[name] += 1
        else:
            self.refused[made.code] += 1
            assert before.same(after), told
        asked = {account.key for account in below}
        assert not before.raised_beside(after, asked), told
        spending = {payer for payer in after.sent if after.sent[payer] > before.sent[payer]}
        assert spending <= ({before.pools[target.key]} if name == "sendReserve" else set()), told
        for capped, cap in before.caps.items():
            if after.caps.get(capped, cap + 1) > cap:
                parent = next(account.path[-1] for account in self.accounts if account.key == capped)
                assert parent in asked, told

    async def _version(self, account: Account) -> int:
        statement = text("SELECT version FROM accounts WHERE id = :id")
        async with self.world.database.connect() as connection:
            return int((await connection.execute(statement, {"id": account.key})).scalar_one())


async def test_nobody_makes_others_pay(api: Api, world: World) -> None:
    """By the keys of every account, of which each may do all in its account and below it, nothing above."""
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in _SEEDS:
        story = _Story(api, world, seed)
        await story.begin()
        for _ in range(_STEPS):
            await story.step()
        done += story.done
        refused += story.refused
    # What is drawn is done now and then, and refused for each payer that can be missed.
    by_others = {name for name, row in CONSEQUENCES.items() if row.pays in _OTHERS_PAY}
    assert set(done) == by_others - _LIKE_OTHERS, done
    assert set(refused) >= {code.name for code in payers.REFUSALS.values()}, refused
