"""Mutations of every kind, with random inputs, in a planted forest."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.accounts.tables import ParentAccess, accounts
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.base.ids import Kind, present
from models.members.tables import memberships
from models.roles.tables import roles
from models.shares.tables import shares
from tests.authz.cases.moments import made_by, offer
from tests.authz.escalation.reach_model import area_of
from tests.authz.matrix.matrix_callers import once
from tests.world.api import Caller
from tests.world.links import ask, break_glass, set_parent_access
from tests.world.ownership import give_offer
from tests.world.shares import Given, give_share
from tests.world.world import Account, CustomRole, Member, Person, World

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
    """Makes tries in one tree: by its owner, or by the guest or member that a mutation is for."""

    def __init__(
        self, world: World, tree: Sequence[Account], owner: Member, watcher: Person, guest: Person
    ) -> None:
        self._world = world
        self._watcher = watcher
        self._tree = tree
        self._owner = owner
        self._guest = guest

    async def add_stopping_key(self, maker: Person) -> None:
        """A key at the end of the tree that stops once its maker could not make it any more."""
        key = await self._world.api_key(self._tree[-1], BuiltinRole.MARKETER)
        await made_by(self._world.database, key, maker, WhenMakerLosesAccess.STOP)

    async def make(self, draw: Draw) -> Try:
        """The try, with what it needs put there before."""
        return await MAKERS[draw.name](self, draw)

    def _account(self, draw: Draw) -> Account:
        return self._tree[draw.account % len(self._tree)]

    async def _rows(self, table: Table) -> Sequence[Row[Any]]:
        statement = select(table).where(table.c.master_id == self._tree[0].master).order_by(table.c.id)
        async with self._world.database.connect() as connection:
            return (await connection.execute(statement)).all()

    async def _one(self, table: Table, number: int) -> Row[Any]:
        """Any but the watcher's, who has to see what becomes of it."""
        rows = [row for row in await self._rows(table) if row._mapping.get("user_id") != self._watcher.key]
        return rows[number % len(rows)]

    async def _role_id(self, draw: Draw) -> str:
        ids = [*(role.id for role in BuiltinRole), *(row.id for row in await self._rows(roles))]
        return present(Kind.ROLE, ids[draw.role % len(ids)])

    def _by_owner(self, **values: Any) -> Try:
        return Try(self._owner, values)

    async def account_update(self, draw: Draw) -> Try:
        account = self._account(draw)
        inheritance = "ALL_ROLES" if draw.passes_all else "ADMINISTRATORS"
        return self._by_owner(
            accountId=account.id,
            expectedVersion=await self._version(account),
            rightsInheritance=inheritance,
        )

    async def _version(self, account: Account) -> int:
        (version,) = [row.version for row in await self._rows(accounts) if row.id == account.key]
        found: int = version
        return found

    async def account_status(self, draw: Draw) -> Try:
        return self._by_owner(accountId=self._account(draw).id)

    async def member_update(self, draw: Draw) -> Try:
        row = await self._one(memberships, draw.target)
        return self._by_owner(memberId=present(Kind.MEMBER, row.id), roleId=await self._role_id(draw))

    async def member_remove(self, draw: Draw) -> Try:
        row = await self._one(memberships, draw.target)
        return self._by_owner(memberId=present(Kind.MEMBER, row.id))

    async def member_leave(self, draw: Draw) -> Try:
        """By the guest, who was made a member before."""
        account, role = self._account(draw), list(BuiltinRole)[draw.role % len(BuiltinRole)]
        await self._world.member(account, role, self._guest)
        return Try(self._guest, {"accountId": account.id})

    async def ownership_transfer(self, draw: Draw) -> Try:
        row = await self._one(memberships, draw.target)
        return self._by_owner(accountId=self._account(draw).id, toMemberId=present(Kind.MEMBER, row.id))

    async def ownership_accept(self, draw: Draw) -> Try:
        """By the guest, who was made a member before."""
        account = self._account(draw)
        taker = await self._world.member(account, BuiltinRole.ANALYST, self._guest)
        await give_offer(self._world, account, taker, self._owner.person, await self._own_owner(account))
        return Try(self._guest, {"accountId": account.id})

    async def member_invite(self, draw: Draw) -> Try:
        values = {"accountId": self._account(draw).id, "email": self._guest.email}
        return self._by_owner(**values, roleId=await self._role_id(draw), idempotencyKey=once())

    async def invitation_accept(self, draw: Draw) -> Try:
        role = list(BuiltinRole)[draw.role % len(BuiltinRole)]
        account, database = self._account(draw), self._world.database
        _, token = await offer(database, account, role, self._guest.email, self._owner.person)
        return Try(self._guest, {"token": token})

    async def share_create(self, draw: Draw) -> Try:
        opened = {self._account(draw).id, self._tree[draw.target % len(self._tree)].id}
        values = {"accountIds": sorted(opened), "email": self._guest.email}
        return self._by_owner(**values, roleId=await self._role_id(draw), idempotencyKey=once())

    async def share_update(self, draw: Draw) -> Try:
        row = await self._share(draw)
        return self._by_owner(
            shareId=present(Kind.SHARE, row.id),
            expectedVersion=row.version,
            accountIds=[self._account(draw).id],
            areas=sorted({area_of(name) for name in draw.permissions}),
        )

    async def share_revoke(self, draw: Draw) -> Try:
        row = await self._share(draw)
        return self._by_owner(shareId=present(Kind.SHARE, row.id))

    async def share_accept(self, draw: Draw) -> Try:
        opened = [self._account(draw)]
        given = Given(accepted=False)
        share = await give_share(self._world, opened, self._guest, self._owner.person, given)
        return Try(self._guest, {"token": share.token})

    async def share_leave(self, draw: Draw) -> Try:
        share = await give_share(self._world, [self._account(draw)], self._guest, self._owner.person)
        return Try(self._guest, {"shareId": share.id})

    async def _share(self, draw: Draw) -> Row[Any]:
        """One of those that there are, and one more."""
        opened = [self._tree[draw.target % len(self._tree)]]
        given = Given(hidden=[Area.CAMPAIGNS] if draw.passes_all else [])
        await give_share(self._world, opened, self._guest, self._owner.person, given)
        return await self._one(shares, draw.target)

    async def role_create(self, draw: Draw) -> Try:
        rights = {"permissions": sorted(draw.permissions), "permissionsBelow": sorted(draw.below)}
        return self._by_owner(accountId=self._account(draw).id, name=once(), **rights)

    async def role_update(self, draw: Draw) -> Try:
        """A role that somebody has."""
        await self._world.member(self._account(draw), await self._role(draw), self._guest)
        row = await self._one(roles, draw.role)
        rights = {"permissions": sorted(draw.permissions), "permissionsBelow": sorted(draw.below)}
        return self._by_owner(roleId=present(Kind.ROLE, row.id), expectedVersion=row.version, **rights)

    async def role_delete(self, draw: Draw) -> Try:
        await self._role(draw)
        row = await self._one(roles, draw.role)
        return self._by_owner(roleId=present(Kind.ROLE, row.id))

    async def _role(self, draw: Draw) -> CustomRole:
        return await self._world.role(self._tree[0], "ACCOUNT_READ CREDIT_READ", "ACCOUNT_READ")

    async def api_key_create(self, draw: Draw) -> Try:
        values = {"accountId": self._account(draw).id, "name": once(), "roleId": await self._role_id(draw)}
        return self._by_owner(**values)

    async def api_key_update(self, draw: Draw) -> Try:
        row = await self._key(draw)
        values = {"expectedVersion": row.version, "permissions": sorted(draw.permissions)}
        return self._by_owner(apiKeyId=present(Kind.API_KEY, row.id), **values)

    async def api_key(self, draw: Draw) -> Try:
        """To rotate, to revoke or to adopt."""
        return self._by_owner(apiKeyId=present(Kind.API_KEY, (await self._key(draw)).id))

    async def _key(self, draw: Draw) -> Row[Any]:
        """One of those that there are, and one more that has stopped without its maker."""
        await self.add_stopping_key(self._guest)
        return await self._one(api_keys, draw.target)

    def _subaccount(self, draw: Draw) -> Account:
        """One with a link, where there is any."""
        below = self._tree[1:] or self._tree
        return below[draw.account % len(below)]

    async def _own_owner(self, account: Account) -> Member:
        """Without one, a link stays FULL."""
        return await self._world.member(account, BuiltinRole.OWNER)

    async def parent_access_update(self, draw: Draw) -> Try:
        """By either side of the link."""
        account = self._subaccount(draw)
        own = await self._own_owner(account)
        values = {"accountId": account.id, "expectedVersion": await self._version(account)}
        return Try(
            self._owner if draw.passes_all else own,
            values | {"parentAccess": _mode(draw).value, "reason": "Because"},
        )

    async def parent_access_answer(self, draw: Draw) -> Try:
        """What the one side asks for, by the other."""
        account = self._subaccount(draw)
        own, from_above = await self._own_owner(account), draw.passes_all
        asker, answering = (self._owner, own) if from_above else (own, self._owner)
        await ask(self._world, account, _mode(draw), asker.person, from_above=from_above)
        accept = draw.target % 4 != 0
        return Try(answering, {"accountId": account.id, "parentAccess": _mode(draw).value, "accept": accept})

    async def break_glass_open(self, draw: Draw) -> Try:
        account = await self._closed_below_guest(draw)
        return Try(self._guest, {"accountId": account.id, "reason": "Fire", "hours": 1 + draw.target})

    async def break_glass_end(self, draw: Draw) -> Try:
        """By the opener or, in its place, by the account's owner."""
        account = await self._closed_below_guest(draw)
        opening = await break_glass(self._world, account, self._guest)
        ending = self._guest if draw.passes_all else await self._own_owner(account)
        return Try(ending, {"breakGlassId": opening.id})

    async def _closed_below_guest(self, draw: Draw) -> Account:
        """An account with glass to break, and the guest administers one above it."""
        account = self._subaccount(draw)
        above = [other for other in self._tree if other.key in account.path]
        if above:
            place = above[draw.role % len(above)]
            await self._world.member(place, BuiltinRole.ADMINISTRATOR, self._guest)
            await set_parent_access(self._world, account, ParentAccess.BREAK_GLASS)
        return account


def _mode(draw: Draw) -> ParentAccess:
    return list(ParentAccess)[draw.role % len(ParentAccess)]


MAKERS: dict[str, Callable[[Tries, Draw], Awaitable[Try]]] = {
    "accountUpdate": Tries.account_update,
    "accountSuspend": Tries.account_status,
    "accountResume": Tries.account_status,
    "accountClose": Tries.account_status,
    "memberUpdate": Tries.member_update,
    "memberRemove": Tries.member_remove,
    "memberLeave": Tries.member_leave,
    "memberInvite": Tries.member_invite,
    "invitationAccept": Tries.invitation_accept,
    "ownershipTransfer": Tries.ownership_transfer,
    "ownershipAccept": Tries.ownership_accept,
    "shareCreate": Tries.share_create,
    "shareUpdate": Tries.share_update,
    "shareRevoke": Tries.share_revoke,
    "shareAccept": Tries.share_accept,
    "shareLeave": Tries.share_leave,
    "roleCreate": Tries.role_create,
    "roleUpdate": Tries.role_update,
    "roleDelete": Tries.role_delete,
    "apiKeyCreate": Tries.api_key_create,
    "apiKeyUpdate": Tries.api_key_update,
    "apiKeyRotate": Tries.api_key,
    "apiKeyRevoke": Tries.api_key,
    "apiKeyAdopt": Tries.api_key,
    "parentAccessUpdate": Tries.parent_access_update,
    "parentAccessAnswer": Tries.parent_access_answer,
    "breakGlassOpen": Tries.break_glass_open,
    "breakGlassEnd": Tries.break_glass_end,
}
