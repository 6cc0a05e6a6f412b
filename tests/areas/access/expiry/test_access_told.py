"""What ended by itself says who lost what by it, as the access matrix shows it."""

import asyncio
import datetime
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from sqlalchemy import Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.accounts.tables import ParentAccess
from models.api_keys.tables import api_keys
from models.effects.events import events
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.shares.tables import shares
from models.staff.overrides import OverrideKind, overrides
from resolvers.effects.event_types import EventType
from server.jobs.access import tell_expiries
from tests.areas.audit.telling import Readers, told_as_shown
from tests.by_day import by_night_alone, one_in
from tests.client.api import Api
from tests.client.links import break_glass, set_parent_access
from tests.waiting import until
from tests.world.brand import Brand, brand_of
from tests.world.shares import give_share
from tests.world.staff import limit_below, set_override, staff_member
from tests.world.world import World

_SOON = func.clock_timestamp() + timedelta(seconds=6)

Give = Callable[[World, Brand], Awaitable[None]]


async def _ends_soon(world: World, table: Table, *keys: uuid.UUID) -> datetime.datetime:
    """At one moment, which lies ahead: what is over when it is written was never otherwise."""
    async with world.database.begin() as connection:
        soon: datetime.datetime = (await connection.execute(select(_SOON))).scalar_one()
        await connection.execute(update(table).where(table.c.id.in_(keys)).values(expires_at=soon))
    return soon


async def _membership(world: World, brand: Brand) -> None:
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await _ends_soon(world, memberships, member.key)


async def _one_of_two(world: World, brand: Brand) -> None:
    """What the person holds in the store besides stays."""
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await world.member(brand.store, BuiltinRole.ANALYST, member.person)
    await _ends_soon(world, memberships, member.key)


async def _both_at_once(world: World, brand: Brand) -> None:
    upper = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    lower = await world.member(brand.store, BuiltinRole.MARKETER, upper.person)
    await _ends_soon(world, memberships, upper.key, lower.key)


async def _key(world: World, brand: Brand) -> None:
    await _ends_soon(world, api_keys, (await world.api_key(brand.us)).key)


async def _share(world: World, brand: Brand) -> None:
    made = await give_share(world, [brand.us, brand.uk], await world.person(), brand.owner.person)
    await _ends_soon(world, shares, made.key)


async def _opening(world: World, brand: Brand) -> None:
    await set_parent_access(world, brand.store, ParentAccess.BREAK_GLASS)
    made = await break_glass(world, brand.store, brand.owner.person)
    await _ends_soon(world, break_glass_openings, made.key)


async def _override(world: World, brand: Brand) -> None:
    """The person gains again what it took."""
    manager = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    agent = await staff_member(world)
    made = await set_override(world, brand.master, OverrideKind.USER_RIGHTS, agent, person=manager.person)
    soon = await _ends_soon(world, overrides, made.key)
    await limit_below(world, brand.master, manager.person, {Permission.STATISTICS_READ}, soon)


_GIVES: dict[str, Give] = {
    "membership": _membership,
    "one of two": _one_of_two,
    "both at once": _both_at_once,
}
_GIVES |= {"key": _key, "share": _share, "opening": _opening, "override": _override}


async def test_an_end_is_told_as_the_matrix_shows_it(
    api: Api, application: AsyncEngine, world: World
) -> None:
    """Of each kind in a tree of its own. They are waited for at once."""
    brands = {name: await brand_of(world) for name in one_in(3, _GIVES)}

    async def all_have_ended() -> bool:
        await tell_expiries(application)
        return all([await _ended(world, brand) for brand in brands.values()])

    told = {}
    async with AsyncExitStack() as stack:
        for name, brand in brands.items():
            store_owner = await world.member(brand.store, BuiltinRole.OWNER)
            readers: Readers = {
                **dict.fromkeys((brand.master, brand.us, brand.uk), brand.owner),
                brand.store: store_owner,
            }
            await _GIVES[name](world, brand)
            told[name] = await stack.enter_async_context(told_as_shown(api, readers))
        await until(all_have_ended)
    assert {name: any(event["accessChangeCount"] for event in found) for name, found in told.items()} == (
        dict.fromkeys(brands, True)
    )


async def _ended(world: World, brand: Brand) -> bool:
    told = select(events.c.id).where(
        events.c.master_id == brand.master.key, events.c.type == EventType.ACCESS_EXPIRED.value
    )
    async with world.database.connect() as connection:
        return (await connection.execute(told)).first() is not None


_AT_MIDNIGHT = 1_000


@by_night_alone
async def test_a_thousand_shares_that_end_at_one_moment_are_told_in_good_time(
    application: AsyncEngine, world: World
) -> None:
    """In many short transactions, within the minute that a worker has for it."""
    root = await world.account()
    owner = await world.member(root, BuiltinRole.OWNER)
    account = await world.account(root)
    guests = [await world.person() for _ in range(20)]
    keys = [
        (await give_share(world, [account], guests[number % 20], owner.person)).key
        for number in range(_AT_MIDNIGHT)
    ]
    await _ends_soon(world, shares, *keys)
    await asyncio.sleep(6.5)
    began = time.monotonic()
    await tell_expiries(application)
    taken = time.monotonic() - began
    ended = select(func.count()).where(
        events.c.master_id == root.master, events.c.type == EventType.ACCESS_EXPIRED.value
    )
    async with world.database.connect() as connection:
        assert (await connection.execute(ended)).scalar_one() == _AT_MIDNIGHT
    assert taken < 60
