"""Changes that meet: the versions of a row follow one another, without a gap and never two at once (N2)."""

import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.access.histories import HISTORIES
from models.accounts.tables import accounts
from models.members.tables import memberships
from tests.areas.access.past import listed_at
from tests.areas.access.whole_histories import assert_whole, versions_of
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, code_of
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import World


async def test_changes_at_once_follow_one_another(api: Api, world: World, database: AsyncEngine) -> None:
    """Each that was done has a version of its own, however they are mixed."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    roles = [BuiltinRole.FINANCE, BuiltinRole.MARKETER, BuiltinRole.DEVELOPER, BuiltinRole.ANALYST]
    (history,) = [each for each in HISTORIES if each.table is memberships]
    for _ in range(ROUNDS):
        codes = await at_once(
            *(
                code_of(api, "memberUpdate", owner, memberId=member.id, roleId=ROLE_IDS[role])
                for role in roles
            )
        )
        assert set(codes) <= {"", "CONFLICT"}
        await assert_whole(database, account.master)
    periods = (await versions_of(database, history, account.master))[account.master, member.key]
    for begin, _ in periods:
        assert member.person.id in await listed_at(api, owner, account, begin)


async def test_who_began_earlier_and_was_later_goes_on_from_a_later_moment(
    world: World, database: AsyncEngine
) -> None:
    """A transaction that has its moment already waits for a row that another one changes meanwhile."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (history,) = [each for each in HISTORIES if each.table is memberships]
    mine = update(memberships).where(memberships.c.id == owner.key)
    async with database.begin() as early:
        settings = update(accounts).where(accounts.c.id == account.key)
        await early.execute(settings.values(rights_inheritance="ALL_ROLES"))
        begun = (await early.execute(text("SELECT current_setting('mandant.changed_at')"))).scalar_one()
        async with database.begin() as late:
            await late.execute(mine.values(role_id=BuiltinRole.ANALYST.id))
        await early.execute(mine.values(role_id=BuiltinRole.MARKETER.id))
    await assert_whole(database, account.master)
    first, second, third = (await versions_of(database, history, account.master))[account.master, owner.key]
    assert first[1] == second[0] < second[1] == third[0]
    assert datetime.datetime.fromisoformat(begun) < second[0]


async def test_what_is_rolled_back_has_no_version(world: World, database: AsyncEngine) -> None:
    """As a dry run."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (history,) = [each for each in HISTORIES if each.table is memberships]
    before = await versions_of(database, history, account.master)
    mine = update(memberships).where(memberships.c.id == owner.key)
    async with database.begin() as connection, connection.begin_nested() as tried:
        await connection.execute(mine.values(role_id=BuiltinRole.ANALYST.id))
        await tried.rollback()
    assert await versions_of(database, history, account.master) == before
    await assert_whole(database, account.master)
