"""What tries of mutations with random inputs are made of; each area has its own in `dry_runs.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import accounts
from models.api_keys.tables import WhenMakerLosesAccess
from models.base.ids import Kind, present
from models.roles.tables import roles
from tests.authz.cases.moments import made_by
from tests.client.api import Caller
from tests.world.world import Account, Member, Person, World

Values = dict[str, Any]


@dataclass(frozen=True)
class Draw:
    """A mutation; the numbers choose among what there is."""

    name: str
    account: int
    target: int
    role: int
    permissions: frozenset[str]
    below: frozenset[str]
    passes_all: bool


@dataclass(frozen=True)
class Try:
    """Who tries a mutation with what."""

    caller: Caller
    values: Values


class Tries:
    """What tries in one tree are made of: by its owner, or by the guest or member that a mutation is for."""

    def __init__(
        self, world: World, tree: Sequence[Account], owner: Member, watcher: Person, guest: Person
    ) -> None:
        self.world = world
        self.watcher = watcher
        self.tree = tree
        self.owner = owner
        self.guest = guest

    async def add_stopping_key(self, creator: Person) -> None:
        """A key at the end of the tree that stops once its creator could not create it any more."""
        key = await self.world.api_key(self.tree[-1], BuiltinRole.MARKETER)
        await made_by(self.world.database, key, creator, WhenMakerLosesAccess.STOP)

    def account(self, draw: Draw) -> Account:
        """The account that the draw chose."""
        return self.tree[draw.account % len(self.tree)]

    async def rows(self, table: Table) -> Sequence[Row[Any]]:
        """The rows of the tree."""
        statement = select(table).where(table.c.master_id == self.tree[0].master).order_by(table.c.id)
        async with self.world.database.connect() as connection:
            return (await connection.execute(statement)).all()

    async def one(self, table: Table, number: int) -> Row[Any]:
        """Any but the watcher's, who has to see what becomes of it."""
        rows = [row for row in await self.rows(table) if row._mapping.get("user_id") != self.watcher.key]
        return rows[number % len(rows)]

    async def role_id(self, draw: Draw) -> str:
        """A role that there is, built in or of the tree."""
        ids = [*(role.id for role in BuiltinRole), *(row.id for row in await self.rows(roles))]
        return present(Kind.ROLE, ids[draw.role % len(ids)])

    def by_owner(self, **values: Any) -> Try:
        """Tried by the tree's owner."""
        return Try(self.owner, values)

    async def version(self, account: Account) -> int:
        """The account's version now."""
        (version,) = [row.version for row in await self.rows(accounts) if row.id == account.key]
        found: int = version
        return found

    async def own_owner(self, account: Account) -> Member:
        """Without one, a link stays FULL."""
        return await self.world.member(account, BuiltinRole.OWNER)
