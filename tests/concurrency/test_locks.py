"""`authorize` really locks the path: looked at from another connection, while its transaction is open."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy.exc
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.callers.tokens import digest_of
from authz.guards.exclusive import Authorized, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import accounts
from models.base.ids import AccountId, UserId
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.concurrency.outcomes import locked_out
from tests.waiting import until
from tests.world.world import Account, Member, World

_LOCK_NOT_AVAILABLE = "55P03"


@pytest.fixture
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as the application sees it."""
    engine = connect_as_application(addresses.application, 2)
    yield engine
    await engine.dispose()


def _principal(member: Member) -> Principal:
    return Principal(
        PrincipalKind.PERSON, Credentials(digest_of(member.token)), UserId(member.person.key), None
    )


async def _authorize(session: WriteSession, caller: Member, account: Account) -> Authorized:
    principal = _principal(caller)
    await enter(session, principal.credentials)
    return await authorize(session, principal, AccountId(account.key), Permission.ACCOUNT_WRITE)


async def _free(database: AsyncEngine, statement: Select[Any]) -> bool:
    """Whether the locks of the statement can be had at once."""
    async with database.connect() as connection:
        try:
            await connection.execute(statement)
        except sqlalchemy.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            return False
        return True


def _row(account: Account) -> Select[Any]:
    return select(accounts.c.id).where(accounts.c.master_id == account.master, accounts.c.id == account.key)


async def _readable(database: AsyncEngine, account: Account) -> bool:
    return await _free(database, _row(account).with_for_update(read=True, nowait=True))


async def _writable(database: AsyncEngine, account: Account) -> bool:
    return await _free(database, _row(account).with_for_update(key_share=True, nowait=True))


async def test_the_account_is_locked_for_update_and_what_is_above_in_share_mode(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    master = await world.account()
    parent = await world.account(master)
    account = await world.account(parent)
    child, sibling = await world.account(account), await world.account(parent)
    admin = await world.member(master, BuiltinRole.ADMINISTRATOR)
    async with WriteSessions(application).try_out() as session:
        found = await _authorize(session, admin, account)
        assert (found.account_id, found.acting_from) == (account.key, master.key)
        locked = {
            name: (await _readable(database, row), await _writable(database, row))
            for name, row in {
                "master": master,
                "parent": parent,
                "account": account,
                "child": child,
                "sibling": sibling,
            }.items()
        }
    assert locked == {
        "master": (True, False),
        "parent": (True, False),
        "account": (False, False),
        "child": (True, True),
        "sibling": (True, True),
    }
    assert await _writable(database, account)


async def test_the_root_is_locked_first(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """So that two writes cannot wait for each other in a circle."""
    master = await world.account()
    parent = await world.account(master)
    account = await world.account(parent)
    admin = await world.member(master, BuiltinRole.ADMINISTRATOR)
    path = [master, parent, account]
    for place, held in enumerate(path):
        async with database.connect() as holder:
            await holder.execute(_row(held).with_for_update())
            waiting = asyncio.create_task(_authorize_and_undo(application, admin, account))
            await until(lambda: _somebody_waits(database))
            free = [await _writable(database, each) for each in path]
        await waiting
        assert free == [False] * (place + 1) + [True] * (len(path) - place - 1), held


async def _authorize_and_undo(application: AsyncEngine, caller: Member, account: Account) -> None:
    async with WriteSessions(application).try_out() as session:
        await _authorize(session, caller, account)


async def _somebody_waits(database: AsyncEngine) -> bool:
    return await locked_out(database) > 0


async def test_two_writes_beside_each_other_do_not_wait(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    master = await world.account()
    one, other = await world.account(master), await world.account(master)
    admin = await world.member(master, BuiltinRole.ADMINISTRATOR)
    sessions = WriteSessions(application)
    async with sessions.try_out() as first, sessions.try_out() as second:
        for session, account in ((first, one), (second, other)):
            await _authorize(session, admin, account)


async def test_a_refusal_locks_nothing(application: AsyncEngine, database: AsyncEngine, world: World) -> None:
    """Who has no right in an account cannot hold up those who have."""
    account = await world.account()
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    for caller, refusal in ((stranger, NotFound), (analyst, PermissionDenied)):
        async with WriteSessions(application).try_out() as session:
            with pytest.raises(refusal):
                await _authorize(session, caller, account)
            assert await _writable(database, account)
