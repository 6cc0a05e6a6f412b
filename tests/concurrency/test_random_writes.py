"""Many writes of all kinds over one tree at once: none waits for ever, none breaks, and they add up."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, account_closure, accounts
from models.effects.events import events
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, Attempt, attempt
from tests.concurrency.outcomes import owners_of
from tests.world.world import Account, ApiKey, Member, World

_WRITERS = 5
_WRITES_OF_EACH = 6
_ROLES = [ROLE_IDS[role] for role in BuiltinRole]
_numbers = itertools.count()


@dataclass(frozen=True)
class Tree:
    """Four levels of accounts, each with an owner, an administrator and a key."""

    master: Account
    accounts: list[Account]
    members: list[Member]
    keys: list[ApiKey]


async def _tree(world: World) -> Tree:
    master = await world.account()
    found = [master]
    for parent in (0, 0, 1, 3):
        found.append(await world.account(found[parent]))
    roles = (BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR)
    members = [await world.member(account, role) for account in found for role in roles]
    return Tree(master, found, members, [await world.api_key(account) for account in found])


class Writer:
    """Somebody who sends one random change after the other."""

    def __init__(self, api: Api, tree: Tree, seed: str) -> None:
        self.api = api
        self.tree = tree
        self.random = random.Random(seed)

    async def write(self) -> Attempt:
        """One change, by anybody, of anything."""
        changes: list[Callable[[], Awaitable[Attempt]]] = [
            self._account,
            self._account,
            self._status,
            self._member,
            self._member,
            self._invitation,
            self._key,
            self._subaccount,
            self._transfer,
        ]
        return await self.random.choice(changes)()

    async def _send(self, field: str, **values: object) -> Attempt:
        from_above: list[Caller] = [*self.tree.members[:2]]
        anybody: list[Caller] = [*self.tree.members, *self.tree.keys]
        caller = self.random.choice(from_above * len(from_above) + anybody)
        return await attempt(self.api, field, caller, **values)

    @property
    def _an_account(self) -> str:
        return self.random.choice(self.tree.accounts).id

    @property
    def _a_member(self) -> str:
        return self.random.choice(self.tree.members).id

    async def _account(self) -> Attempt:
        version, name = self.random.randint(1, 3), f"Name {next(_numbers)}"
        return await self._send(
            "accountUpdate", accountId=self._an_account, expectedVersion=version, name=name
        )

    async def _status(self) -> Attempt:
        field = self.random.choice(["accountSuspend", "accountResume", "accountResume", "accountClose"])
        return await self._send(field, accountId=self._an_account)

    async def _member(self) -> Attempt:
        match self.random.randrange(3):
            case 0:
                return await self._send("memberRemove", memberId=self._a_member)
            case 1:
                return await self._send("memberLeave", accountId=self._an_account)
        role_id = self.random.choice(_ROLES)
        return await self._send("memberUpdate", memberId=self._a_member, roleId=role_id)

    async def _invitation(self) -> Attempt:
        email = f"guest{self.random.randrange(3)}@example.com"
        offer = {"email": email, "roleId": self.random.choice(_ROLES), "idempotencyKey": str(next(_numbers))}
        return await self._send("memberInvite", accountId=self._an_account, **offer)

    async def _key(self) -> Attempt:
        key_id = self.random.choice(self.tree.keys).id
        match self.random.randrange(3):
            case 0:
                return await self._send("apiKeyRotate", apiKeyId=key_id)
            case 1:
                return await self._send("apiKeyRevoke", apiKeyId=key_id)
        role_id = self.random.choice(_ROLES)
        return await self._send("apiKeyCreate", accountId=self._an_account, name="Key", roleId=role_id)

    async def _subaccount(self) -> Attempt:
        new = {"name": "New", "externalId": str(self.random.randrange(2))}
        return await self._send(
            "subaccountCreate", parentId=self._an_account, **new, idempotencyKey=str(next(_numbers))
        )

    async def _transfer(self) -> Attempt:
        members = {"toMemberId": self._a_member, "fromMemberId": self._a_member}
        return await self._send("ownershipTransfer", accountId=self._an_account, **members)


@pytest.mark.parametrize("seed", [1, 2])
async def test_none_breaks_and_all_add_up(api: Api, world: World, database: AsyncEngine, seed: int) -> None:
    tree = await _tree(world)

    async def writes(number: int) -> list[Attempt]:
        writer = Writer(api, tree, f"{seed} {number}")
        return [await writer.write() for _ in range(_WRITES_OF_EACH)]

    attempts = list(itertools.chain(*await asyncio.gather(*[writes(n) for n in range(_WRITERS)])))
    errors = [error for found in attempts for error in found.answer.errors]
    # Who is not signed in any more, because the key was revoked or rotated, is told so; nothing else fails.
    assert {error["extensions"]["code"] for error in errors} <= {"UNAUTHENTICATED"}
    assert any(found.done for found in attempts)
    await _check_versions(database, tree.master)
    await _check_tree(database, tree.master)
    owners = [await owners_of(database, account) for account in tree.accounts]
    assert all(owners), owners


async def _check_versions(database: AsyncEngine, master: Account) -> None:
    """Each change of an account has raised its version by one and left one entry in its log."""
    changes = (
        select(func.count())
        .where(
            events.c.master_id == accounts.c.master_id,
            events.c.account_id == accounts.c.id,
            events.c.type.like("account.%"),
            events.c.type != "account.created",
        )
        .scalar_subquery()
    )
    statement = select(accounts.c.version, changes).where(accounts.c.master_id == master.key)
    async with database.connect() as connection:
        rows = (await connection.execute(statement)).all()
    assert all(version == 1 + count for version, count in rows), rows


async def _check_tree(database: AsyncEngine, master: Account) -> None:
    """Nothing open stands below what is closed, and the closure holds each account's path, no more."""
    parent, child = accounts.alias(), accounts.alias()
    below = and_(
        account_closure.c.master_id == parent.c.master_id,
        account_closure.c.ancestor_id == parent.c.id,
    )
    own = and_(
        account_closure.c.master_id == child.c.master_id, account_closure.c.descendant_id == child.c.id
    )
    statement = (
        select(child.c.id, child.c.parent_id, child.c.status, parent.c.id, parent.c.status)
        .select_from(account_closure.join(parent, below).join(child, own))
        .where(account_closure.c.master_id == master.key, account_closure.c.depth == 1)
    )
    closed = AccountStatus.CLOSED.value
    async with database.connect() as connection:
        rows = (await connection.execute(statement)).all()
        count = select(func.count()).where(accounts.c.master_id == master.key)
        assert len(rows) == (await connection.execute(count)).scalar_one() - 1
    for _, parent_id, status, above_id, status_above in rows:
        assert parent_id == above_id
        assert status_above != closed or status == closed
