"""A grant of each kind, given and ending at chosen moments of the database's clock."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Table, func, update

from authz.policy.builtin_roles import BuiltinRole
from models.access.expiry_notices import expiry_notices
from models.api_keys.tables import api_keys
from models.base.ids import Kind, parse, present
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.shares.tables import shares
from models.staff.overrides import OverrideKind, overrides
from tests.client.links import break_glass
from tests.equality.drawn import rows
from tests.world.shares import Given, give_share
from tests.world.staff import set_override, staff_member
from tests.world.world import Account, Member, Person, World


@dataclass(frozen=True)
class Grant:
    """A grant in an account, whose owner sees the log. `person`: who is written to before it ends."""

    table: Table = field(repr=False)
    kind: Kind
    key: uuid.UUID
    account: Account
    owner: Member
    since: str = "created_at"
    ends: str = "expires_at"
    person: Person | None = None

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(self.kind, self.key)

    async def set(self, world: World, given: timedelta, ends: timedelta) -> None:
        """It was given so long ago, and ends in so long, by the database's clock."""
        await self.change(world, **{self.since: func.now() - given, self.ends: func.now() + ends})

    async def age(self, world: World, time: timedelta) -> None:
        """The time passes for it alone: it, its end and what was told of that lie so much further back."""
        await self.change(world, **{name: self.table.c[name] - time for name in (self.since, self.ends)})
        told = update(expiry_notices).where(expiry_notices.c.grant_id == self.key)
        async with world.database.begin() as connection:
            await connection.execute(told.values(expires_at=expiry_notices.c.expires_at - time))

    async def change(self, world: World, **values: object) -> None:
        """Change its row."""
        async with world.database.begin() as connection:
            await connection.execute(update(self.table).where(self.table.c.id == self.key).values(values))


async def membership(world: World) -> Grant:
    """A marketer's."""
    account, owner = await _place(world)
    member = await world.member(account, BuiltinRole.MARKETER)
    return Grant(
        memberships, Kind.MEMBER, member.key, account, owner, since="joined_at", person=member.person
    )


async def api_key(world: World) -> Grant:
    """A key without an end of its own."""
    account, owner = await _place(world)
    return Grant(api_keys, Kind.API_KEY, (await world.api_key(account)).key, account, owner)


async def invitation(world: World) -> Grant:
    """One that waits."""
    account, owner = await _place(world)
    made = await rows.invitation(world, account, BuiltinRole.ANALYST, owner.person)
    key = parse(Kind.INVITATION, made)
    assert key is not None
    return Grant(invitations, Kind.INVITATION, key, account, owner)


async def share(world: World) -> Grant:
    """One that was accepted."""
    account, owner = await _place(world)
    guest = await world.person()
    made = await give_share(world, [account], guest, owner.person)
    return Grant(shares, Kind.SHARE, made.key, account, owner, since="accepted_at", person=guest)


async def offered_share(world: World) -> Grant:
    """One whose link waits."""
    account, owner = await _place(world)
    made = await give_share(world, [account], await world.person(), owner.person, Given(accepted=False))
    return Grant(shares, Kind.SHARE, made.key, account, owner, ends="link_expires_at")


async def opening(world: World) -> Grant:
    """Broken glass."""
    account, owner = await _place(world)
    made = await break_glass(world, account, owner.person)
    return Grant(break_glass_openings, Kind.BREAK_GLASS, made.key, account, owner)


async def override(world: World) -> Grant:
    """Something that platform staff set."""
    account, owner = await _place(world)
    agent = await staff_member(world)
    made = await set_override(world, account, OverrideKind.SENDING_DOMAINS, agent, sending_domains=2)
    return Grant(overrides, Kind.OVERRIDE, made.key, account, owner, since="in_force_from")


async def _place(world: World) -> tuple[Account, Member]:
    account = await world.account(await world.account())
    return account, await world.member(account, BuiltinRole.OWNER)


KINDS: list[Callable[[World], Awaitable[Grant]]] = [
    membership,
    api_key,
    invitation,
    share,
    offered_share,
    opening,
    override,
]
