"""What the database is told of who asks: which trees to show, and whether there is more than memberships."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from authz.callers.principals import ANONYMOUS, Credentials, PrincipalKind, credentials_of
from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from authz.reach.grants import grant_rows_now
from authz.reach.reach import GRANTS, PRINCIPAL
from authz.wall.row_security import entering, entering_by_link
from models.accounts.tables import ParentAccess, accounts
from models.api_keys.tables import api_keys
from tests.client.api import Caller
from tests.client.links import break_glass, set_parent_access
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World


async def _master(world: World) -> tuple[Account, Member]:
    master = await world.account()
    return master, await world.member(master, BuiltinRole.OWNER)


async def _member(world: World) -> Caller:
    return (await _master(world))[1]


async def _nobody(world: World) -> Caller:
    return await world.person()


async def _key(world: World) -> Caller:
    return await world.api_key((await _master(world))[0])


async def _guest(world: World) -> Caller:
    _, guest = await _master(world)
    master, owner = await _master(world)
    await give_share(world, [master], guest.person, owner.person)
    return guest


async def _guest_of_nothing_else(world: World) -> Caller:
    guest = await world.person()
    master, owner = await _master(world)
    await give_share(world, [master], guest, owner.person)
    return guest


async def _opener(world: World) -> Caller:
    master, owner = await _master(world)
    below = await world.account(master)
    await set_parent_access(world, below, ParentAccess.BREAK_GLASS)
    await break_glass(world, below, owner.person)
    return owner


_CALLERS: dict[Callable[[World], Awaitable[Caller]], tuple[int, bool]] = {
    _member: (1, False),
    _nobody: (0, False),
    _key: (1, False),
    _guest: (2, True),
    _guest_of_nothing_else: (1, True),
    _opener: (2, True),
}
"""Each with its number of grants, and whether something else than a membership or a key is among them."""

_TOLD = text("SELECT current_setting('mandant.further_grants', true)")


def _credentials(caller: Caller) -> Credentials:
    found = credentials_of(caller.token)
    assert found is not None
    return found


async def _enter(connection: AsyncConnection, credentials: Credentials) -> None:
    await connection.execute(select(entering()), credentials.binds)


async def _told(connection: AsyncConnection) -> str | None:
    told: str | None = (await connection.execute(_TOLD)).scalar_one()
    return told


@pytest.mark.parametrize("caller_of", _CALLERS)
async def test_what_is_told_takes_no_grant_away(
    application: AsyncEngine, world: World, caller_of: Callable[[World], Awaitable[Caller]]
) -> None:
    """Grants are those that are looked for whatever was told."""
    credentials = _credentials(await caller_of(world))
    number, further = _CALLERS[caller_of]
    async with application.connect() as connection:
        for entered in (credentials, credentials._replace(kind=None)):
            await _enter(connection, entered)
            assert (await _told(connection) == "none") is (
                not further and credentials.kind is PrincipalKind.PERSON
            )
            found = (await connection.execute(select(*GRANTS.c), credentials.binds)).all()
            every = (await connection.execute(grant_rows_now(PRINCIPAL), credentials.binds)).all()
            assert sorted(found) == sorted(every)
            assert len(found) == number


async def test_where_nothing_was_told_it_is_looked_for(application: AsyncEngine, world: World) -> None:
    """As for platform staff, who enter a tree in another way; and once the transaction is over."""
    master, owner = await _master(world)
    guest = await world.person()
    await give_share(world, [master], guest, owner.person)
    credentials = _credentials(guest)
    async with application.connect() as connection:
        await _enter(connection, _credentials(await _member(world)))
        assert await _told(connection) == "none"
        await connection.rollback()
        assert await _told(connection) == ""
        await connection.execute(select(func.set_config("mandant.trees", str(master.key), True)))
        assert len((await connection.execute(select(*GRANTS.c), credentials.binds)).all()) == 1


async def test_the_key_that_was_told_gives_nothing_to_another(application: AsyncEngine, world: World) -> None:
    """A wrong hint finds nobody, as none does: the statement compares the digests."""
    master, _ = await _master(world)
    one, other = await world.api_key(master), await world.api_key(master)
    credentials = _credentials(one)
    found = select(PRINCIPAL.c.api_key_id)
    async with application.connect() as connection:
        await _enter(connection, credentials)
        assert (await connection.execute(found, credentials.binds)).scalars().all() == [one.key]
        for told in (str(other.key), ""):
            await connection.execute(select(func.set_config("mandant.api_key", told, True)))
            assert (await connection.execute(found, credentials.binds)).scalars().all() == []


async def test_whoever_holds_a_link_may_become_a_guest_at_once(
    application: AsyncEngine, world: World
) -> None:
    master, owner = await _master(world)
    guest = await _member(world)
    offer = await give_share(world, [master], (await world.person()), owner.person, Given(accepted=False))
    async with application.connect() as connection:
        await _enter(connection, _credentials(guest))
        assert await _told(connection) == "none"
        await connection.execute(entering_by_link(_credentials(guest), digest_of(offer.token)))
        assert await _told(connection) == ""


async def _trees(application: AsyncEngine, credentials: Credentials) -> set[object]:
    async with application.connect() as connection:
        await _enter(connection, credentials)
        return set((await connection.execute(select(accounts.c.master_id))).scalars())


async def test_a_token_of_another_kind_leads_nowhere(application: AsyncEngine, world: World) -> None:
    master, owner = await _master(world)
    key = await world.api_key(master)
    for caller, other in ((owner, PrincipalKind.API_KEY), (key, PrincipalKind.PERSON)):
        credentials = _credentials(caller)
        for kind in (credentials.kind, None):
            assert await _trees(application, credentials._replace(kind=kind)) == {master.key}
        assert await _trees(application, credentials._replace(kind=other)) == set()
    assert await _trees(application, ANONYMOUS) == set()


async def test_a_rotated_key_finds_its_tree_by_either_secret(application: AsyncEngine, world: World) -> None:
    master, _ = await _master(world)
    key = await world.api_key(master)
    old, new = _credentials(key), _credentials(key)._replace(digest=digest_of("the new secret"))
    assert await _trees(application, new) == set()
    rotated = {"digest": new.digest, "previous_digest": old.digest, "previous_expires_at": func.now()}
    async with world.database.begin() as connection:
        await connection.execute(update(api_keys).where(api_keys.c.id == key.key).values(rotated))
    for secret in (old, new):
        assert await _trees(application, secret) == {master.key}
