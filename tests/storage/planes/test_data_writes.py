"""Writes of both planes in one transaction: the role changes between two statements, and back."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import accounts
from models.base.ids import AccountId, AccountKey, MasterId, new_id
from models.contacts.tables import contact_lists
from models.effects.attempts import attempts
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.world.world import Account, World

_SUBJECT = "writes of both planes"


@pytest.fixture
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    database = connect_as_application(addresses.application, pool_size=1)
    yield WriteSessions(database)
    await database.dispose()


def _key(account: Account) -> AccountKey:
    return AccountKey(MasterId(account.master), AccountId(account.key))


async def _add_list(session: WriteSession, account: Account) -> None:
    values = {"master_id": account.master, "account_id": account.key, "id": new_id()}
    await session.send_built(insert(contact_lists).values(**values, name="A list", version=1))


async def _count_attempt(session: WriteSession) -> None:
    await session.execute(
        insert(attempts).values(subject=_SUBJECT, window_start=func.clock_timestamp(), count=1)
    )


async def _written(database: AsyncEngine, account: Account) -> tuple[int, int]:
    """How many lists the account has, and how many attempts were counted."""
    async with database.connect() as connection:
        lists = select(func.count()).where(contact_lists.c.account_id == account.key)
        counted = select(func.count()).where(attempts.c.subject == _SUBJECT)
        return (
            (await connection.execute(lists)).scalar_one(),
            (await connection.execute(counted)).scalar_one(),
        )


async def test_each_plane_is_written_in_its_turn(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    account = await world.account()
    _, before = await _written(database, account)
    async with sessions.begin() as session:
        await _count_attempt(session)
        async with in_data_plane(session, _key(account)):
            await _add_list(session, account)
            found = await session.execute(select(contact_lists.c.account_id))
            assert found.scalars().all() == [account.key]
        await _count_attempt(session)
    assert await _written(database, account) == (1, before + 2)


async def test_what_raises_leaves_nothing_in_either_plane(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    account = await world.account()
    before = await _written(database, account)

    async def write() -> None:
        async with sessions.begin() as session:
            await _count_attempt(session)
            async with in_data_plane(session, _key(account)):
                await _add_list(session, account)
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    assert await _written(database, account) == before


async def test_the_data_plane_is_closed_again(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    account = await world.account()

    async def write() -> None:
        async with sessions.begin() as session:
            async with in_data_plane(session, _key(account)):
                await _add_list(session, account)
            await session.execute(select(contact_lists.c.id))

    with pytest.raises(DBAPIError, match="permission denied"):
        await write()
    assert (await _written(database, account))[0] == 0


async def test_plans_are_general_again_behind_it(world: World, sessions: WriteSessions) -> None:
    account = await world.account()
    mode = select(func.current_setting("plan_cache_mode"))
    found = []
    async with sessions.begin() as session:
        found.append((await session.execute(mode)).scalar_one())
        async with in_data_plane(session, _key(account)):
            found.append((await session.execute(mode)).scalar_one())
        found.append((await session.execute(mode)).scalar_one())
    assert found == ["force_generic_plan", "auto", "force_generic_plan"]


@pytest.mark.parametrize("statement", [select(accounts.c.id), select(attempts.c.count)])
async def test_the_control_plane_is_closed_inside(
    world: World, sessions: WriteSessions, statement: object
) -> None:
    account = await world.account()
    with pytest.raises(DBAPIError, match="permission denied"):
        async with sessions.begin() as session, in_data_plane(session, _key(account)):
            await session.execute(statement)  # type: ignore[call-overload]


async def test_another_tree_is_neither_seen_nor_written(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    account, foreign = await world.account(), await world.account()
    async with sessions.begin() as session, in_data_plane(session, _key(foreign)):
        await _add_list(session, foreign)
    async with sessions.begin() as session, in_data_plane(session, _key(account)):
        assert (await session.execute(select(contact_lists.c.id))).all() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with sessions.begin() as session, in_data_plane(session, _key(account)):
            await _add_list(session, foreign)
    assert (await _written(database, foreign))[0] == 1
