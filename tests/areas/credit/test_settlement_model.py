"""Whatever is done in a tree: closings and changes of whose credit is spent lose none of it (T16, T18)."""

import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.client.mutations import attempt, code_of
from tests.world.brand import Brand
from tests.world.credit import balances_of, faults_of, give_credit, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, let_expire, reserve, reserved, settle
from tests.world.world import Account, World

_STEPS = 30
_GIVEN = 60


@dataclass
class _Tree:
    """What the test did: nothing of it is read from the database."""

    brand: Brand
    spent: int = 0
    closed: set[Account] = field(default_factory=set)
    own: set[Account] = field(default_factory=set)
    booked: dict[str, int] = field(default_factory=dict)
    """What each open reservation costs when it is committed."""

    @property
    def accounts(self) -> list[Account]:
        return [self.brand.master, self.brand.us, self.brand.uk, self.brand.store]


async def _check(database: AsyncEngine, tree: _Tree) -> None:
    """All that was given is there, spendable or reserved, but for what was spent; nothing is where nobody
    spends it."""
    held = {account: await balances_of(database, account) for account in tree.accounts}
    total = sum(each.get("CREDIT", 0) + each.get("RESERVED", 0) for each in held.values())
    assert total == 3 * _GIVEN - tree.spent
    for account, each in held.items():
        if account in tree.closed or account not in tree.own:
            assert each.get("CREDIT", 0) == each.get("RESERVED", 0) == 0


class _Steps:
    """Draws what is done next, and does it."""

    def __init__(self, api: Api, database: AsyncEngine, tree: _Tree, seed: int) -> None:
        self._api, self._database, self._tree = api, database, tree
        self._chance = random.Random(seed)
        self._owner = tree.brand.owner

    async def take(self) -> None:
        """One of them, in any account."""
        steps = (self._book, self._book, self._settle, self._settle, self._expire, self._transfer, self._mode)
        if self._chance.random() < 0.08:
            await self._close()
        else:
            await self._chance.choice(steps)()

    async def _book(self) -> None:
        account, number = self._any(), self._chance.randint(1, 9)
        made = await reserve(self._api, self._owner, account, *[f"n{each}" for each in range(number)])
        assert made.code in {"", "INSUFFICIENT_CREDIT"} or account in self._tree.closed
        if made.done:
            reservation = made.payload["reservation"]
            self._tree.booked[reservation["id"]] = int(reservation["price"])

    async def _settle(self) -> None:
        if not self._tree.booked:
            return
        one = self._chance.choice(sorted(self._tree.booked))
        field_ = self._chance.choice(["sendCommit", "sendVoid"])
        code = await settle(self._api, self._owner, field_, one)
        price = self._tree.booked.pop(one)
        if code == "" and field_ == "sendCommit":
            self._tree.spent += price

    async def _expire(self) -> None:
        await let_expire(self._database, self._any())

    async def _transfer(self) -> None:
        source, target = self._chance.sample(self._tree.accounts, 2)
        values = {"fromAccountId": source.id, "toAccountId": target.id, "amount": self._chance.randint(1, 30)}
        key = str(self._chance.random())
        await code_of(self._api, "creditTransfer", self._owner, **values, idempotencyKey=key)

    async def _mode(self) -> None:
        account = self._any()
        mode = self._chance.choice(["OWN_BALANCE", "SHARED_POOL"])
        code = await code_of(self._api, "creditModeUpdate", self._owner, accountId=account.id, mode=mode)
        master, closed = account == self._tree.brand.master, account in self._tree.closed
        assert code in {"FAILED_PRECONDITION" if master else "", "ACCOUNT_NOT_SETTLED"} or closed
        if code == "":
            (self._tree.own.add if mode == "OWN_BALANCE" else self._tree.own.discard)(account)

    async def _close(self) -> None:
        account = self._chance.choice(self._tree.accounts[1:])
        code = await code_of(self._api, "accountClose", self._owner, accountId=account.id)
        assert code in {"", "HAS_SUBACCOUNTS"} or account in self._tree.closed
        if code == "":
            self._tree.closed.add(account)

    def _any(self) -> Account:
        return self._chance.choice(self._tree.accounts)


@pytest.mark.parametrize("seed", seeds(2))
async def test_any_order(api: Api, brand: Brand, world: World, database: AsyncEngine, seed: int) -> None:
    """Sends, transfers, modes and closings; in the end nothing keeps the tree from being closed."""
    await subscribe(world, brand.master, await make_plan(world, sends=1, active_contacts=99, send_price=1))
    await reserved(api, brand.owner, brand.master, "first")
    await own_balances(world, brand.us, brand.store)
    tree = _Tree(brand, own={brand.master, brand.us, brand.store})
    for account in sorted(tree.own, key=lambda each: each.id):
        await give_credit(world, account, _GIVEN)
    steps = _Steps(api, database, tree, seed)
    for _ in range(_STEPS):
        await steps.take()
        await _check(database, tree)
    for account in (brand.store, brand.us, brand.uk):
        if account not in tree.closed:
            assert await code_of(api, "accountClose", brand.owner, accountId=account.id) == ""
            tree.closed.add(account)
    await _check(database, tree)
    left = 3 * _GIVEN - tree.spent
    refused = await attempt(api, "accountClose", brand.owner, accountId=brand.master.id)
    assert refused.user_error is not None
    assert refused.user_error["obstacles"] == [{"kind": "CREDIT_LEFT", "count": 1, "amount": str(left)}]
    closing = {"accountId": brand.master.id, "forfeitCredit": str(left)}
    assert await code_of(api, "accountClose", brand.owner, **closing) == ""
    assert (await balances_of(database, brand.master))["CREDIT"] == 0
    assert await faults_of(database, *tree.accounts) == []
    await check_counts(database, brand.master)
