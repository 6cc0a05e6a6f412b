"""Callers who see and change some of the areas of sending, with what each may do there.

Written by hand from the policy's lines: a role that gains or loses one of these areas has to be changed here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from tests.authz.cases.expectations import EVERYTHING, named
from tests.client.api import Caller
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World

AREAS = (Area.CONTACTS, Area.BLOCK_LIST, Area.DOMAINS, Area.SETTINGS)

OF_AREAS = named(
    """
    CONTACTS_READ CONTACTS_WRITE BLOCK_LIST_READ BLOCK_LIST_WRITE DOMAINS_READ DOMAINS_WRITE
    SETTINGS_READ SETTINGS_WRITE
    """
)

BY_ROLE = {
    BuiltinRole.OWNER: OF_AREAS | named("CAMPAIGNS_SEND"),
    BuiltinRole.ADMINISTRATOR: OF_AREAS | named("CAMPAIGNS_SEND"),
    BuiltinRole.DEVELOPER: named("DOMAINS_READ DOMAINS_WRITE"),
    BuiltinRole.FINANCE: named(""),
    BuiltinRole.MARKETER: named("CONTACTS_READ CONTACTS_WRITE CAMPAIGNS_SEND"),
    BuiltinRole.ANALYST: named(""),
}
"""What a role gives of these areas, and of sending campaigns."""


@dataclass(frozen=True)
class House:
    """The account that is looked at, with one above and one below it."""

    parent: Account
    account: Account
    child: Account


Make = Callable[[World, House], Awaitable[Caller]]


@dataclass(frozen=True)
class Kind:
    """A kind of caller: how an account gets one, and what it holds there of these areas and of sending."""

    name: str
    make: Make
    held: frozenset[str]

    @property
    def is_below(self) -> bool:
        """Whether it holds everything in the account below, too."""
        return self.name.startswith(("member", "everything", "administrator"))


def _member(role: BuiltinRole) -> Make:
    async def make(world: World, house: House) -> Caller:
        return await _too_below(world, house, await world.member(house.account, role))

    return make


async def _too_below(world: World, house: House, member: Member) -> Member:
    await world.member(house.child, BuiltinRole.ADMINISTRATOR, member.person)
    return member


def _key(role: BuiltinRole) -> Make:
    async def make(world: World, house: House) -> Caller:
        return await world.api_key(house.account, role)

    return make


def _from_above(role: BuiltinRole) -> Make:
    async def make(world: World, house: House) -> Caller:
        return await world.member(house.parent, role)

    return make


def _guest(given: Given) -> Make:
    async def make(world: World, house: House) -> Caller:
        giver = await world.member(house.account, BuiltinRole.ADMINISTRATOR)
        guest = await world.person()
        await give_share(world, [house.account], guest, giver.person, given)
        return guest

    return make


def _without(permission: str) -> Make:
    async def make(world: World, house: House) -> Caller:
        held = EVERYTHING - named("ACCOUNT_SUSPEND") - {permission}
        role = await world.role(house.account, " ".join(sorted(held)))
        return await _too_below(world, house, await world.member(house.account, role))

    return make


def _of(area: Area) -> frozenset[str]:
    return frozenset(name for name in OF_AREAS if name.rpartition("_")[0] == area.value)


_ADMINISTRATOR = BY_ROLE[BuiltinRole.ADMINISTRATOR]

KINDS = [
    *(Kind(f"member {role.name}", _member(role), held) for role, held in BY_ROLE.items()),
    *(
        Kind(f"key {role.name}", _key(role), held)
        for role, held in BY_ROLE.items()
        if role is not BuiltinRole.OWNER
    ),
    *(
        Kind(f"guest {role.name}", _guest(Given(role)), held)
        for role, held in BY_ROLE.items()
        if role is not BuiltinRole.OWNER
    ),
    Kind("administrator above", _from_above(BuiltinRole.ADMINISTRATOR), _ADMINISTRATOR),
    *(Kind(f"everything but {name}", _without(name), _ADMINISTRATOR - {name}) for name in sorted(OF_AREAS)),
    *(
        Kind(
            f"guest without {area.value}",
            _guest(Given(BuiltinRole.ADMINISTRATOR, hidden=[area])),
            _ADMINISTRATOR - _of(area),
        )
        for area in AREAS
    ),
    *(Kind(f"guest of {area.value}", _guest(Given(role=None, areas=[area])), _of(area)) for area in AREAS),
]
"""All of them can read the account."""
