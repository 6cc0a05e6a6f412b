"""The accounts that clients change, in two trees, and what must be true of them afterwards."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import accounts
from models.base.ids import Kind, present
from models.credit.tables import ledger_transactions
from server.commands.ledger import ledger_faults
from tests.world.credit import credit_of, give_credit, own_balances
from tests.world.world import Account, Member, World

TOTAL = 10_000
"""The credit of each tree, in micro-units."""


@dataclass(frozen=True)
class Tree:
    """Accounts among which credit moves, and its owner."""

    ring: list[Account]
    owner: Member


@dataclass
class Named:
    """An account that one client renames: the last version and name that it was told of."""

    account: Account
    owner: Member
    version: int = 1
    name: str = "new"
    tried: set[str] = field(default_factory=set)
    """Names whose change has no answer: one of them may be the account's by now, or later."""

    def agrees(self, version: int, name: str) -> bool:
        """Whether the account may be so, after what was told."""
        told = (version, name) == (self.version, self.name)
        return told or (version == self.version + 1 and name in self.tried)

    def is_now(self, version: int, name: str) -> None:
        """The client was told so."""
        if version != self.version:
            self.tried.clear()
        self.version, self.name = version, name


@dataclass
class Books:
    """What clients were told to have been done."""

    world: World
    trees: list[Tree]
    named: list[Named]
    transfers: list[str]
    """The ledger's transactions, by their ids."""

    @classmethod
    async def open(cls, world: World, clients: int) -> "Books":
        """Two trees, and an account for each client to rename."""
        trees = [await _tree(world) for _ in range(2)]
        named = []
        for number in range(clients):
            tree = trees[number % len(trees)]
            named.append(Named(await world.account(tree.ring[0], "new"), tree.owner))
        return cls(world, trees, named, [])

    async def check(self, owner_url: str) -> None:
        """Each transfer that was told is booked once, and no other; names are as they were told; the sum is
        what it was; and the whole ledger holds, as `mandant ledger verify` finds."""
        assert await ledger_faults(owner_url) == []
        assert sorted(self.transfers) == sorted(await self._booked())
        for tree in self.trees:
            assert sum([await credit_of(self.world.database, account) for account in tree.ring]) == TOTAL
        for each in self.named:
            found = await self._row(each.account)
            assert each.agrees(found.version, found.name), (each, found)

    async def _booked(self) -> list[str]:
        kind = ledger_transactions.c.kind == "TRANSFER"
        async with self.world.database.connect() as connection:
            ids = (await connection.execute(select(ledger_transactions.c.id).where(kind))).scalars()
            return [present(Kind.LEDGER_TRANSACTION, id_) for id_ in ids]

    async def _row(self, account: Account) -> Any:
        statement = select(accounts.c.version, accounts.c.name).where(accounts.c.id == account.key)
        async with self.world.database.connect() as connection:
            return (await connection.execute(statement)).one()


async def _tree(world: World) -> Tree:
    ring = [await world.account()]
    for _ in range(3):
        ring.append(await world.account(ring[-1]))
    await own_balances(world, *ring[1:])
    await give_credit(world, ring[0], TOTAL)
    return Tree(ring, await world.member(ring[0], BuiltinRole.OWNER))
