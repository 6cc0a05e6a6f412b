"""What the second wall lets platform staff see: one tree in which they work, and a few columns of others."""

import uuid

import pytest
from sqlalchemy import FromClause, bindparam, func, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from authz.callers.principals import Credentials
from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from authz.wall.row_security import entering
from authz.wall.staff_door import (
    Sought,
    entering_as_staff,
    seen_account,
    seen_accounts,
    seen_open_reviews,
    seen_overrides,
    seen_requests,
    seen_reviews,
    seen_sample,
    seen_waiting,
)
from models.accounts.tables import accounts
from models.members.tables import memberships
from models.staff.overrides import OverrideKind, overrides
from tests.authz.cases.moments import expire_session
from tests.client.api import Caller
from tests.world.reviews import give_review
from tests.world.staff import ask_for_subaccounts, dismiss, set_override, staff_member
from tests.world.world import Account, World

_OF = bindparam("account_id", type_=accounts.c.id.type)


@pytest.fixture
async def tree(world: World) -> Account:
    """A master account with a member, an override that waits, a request and a review."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    await set_override(world, master, OverrideKind.REVIEW_APPROVED, owner.person)
    await ask_for_subaccounts(world, master)
    await give_review(world, master)
    return master


def _seen() -> list[FromClause]:
    """All that staff read by functions."""
    last = select(seen_reviews(_OF).c.id).scalar_subquery()
    of_all = [seen_waiting(), seen_requests(), seen_open_reviews()]
    sought = Sought(_OF, literal(""), literal(""), literal(""))
    of_all.append(seen_accounts(sought, None))
    return [seen_account(_OF), seen_overrides(_OF), seen_reviews(_OF), seen_sample(last), *of_all]


def _binds(caller: Caller, account: Account) -> dict[str, object]:
    return Credentials(digest_of(caller.token)).binds | {"account_id": account.key}


async def _masters(connection: AsyncConnection) -> set[uuid.UUID]:
    return set((await connection.execute(select(accounts.c.master_id))).scalars())


async def _entered(connection: AsyncConnection, caller: Caller, account: Account) -> bool:
    await connection.execute(select(entering()), _binds(caller, account))
    entered = entering_as_staff(_OF)
    rows = (await connection.execute(select(entered.c.entered_role), _binds(caller, account))).all()
    return bool(rows)


async def test_staff_at_work_see_that_tree_and_no_other(
    application: AsyncEngine, world: World, tree: Account
) -> None:
    """Not even their own; and what was opened ends with the transaction."""
    agent = await staff_member(world)
    own = await world.account()
    await world.member(own, BuiltinRole.OWNER, agent)
    async with application.connect() as connection:
        await connection.execute(select(entering()), _binds(agent, tree))
        assert await _masters(connection) == {own.key}
        assert await _entered(connection, agent, tree)
        assert await _masters(connection) == {tree.key}
        await connection.commit()
        assert await _masters(connection) == set()


async def test_nobody_else_enters_so(application: AsyncEngine, world: World, tree: Account) -> None:
    """Neither a stranger, nor an API key, nor who was staff, nor whose session has ended."""
    former, signed_out, agent = [await staff_member(world) for _ in range(3)]
    await dismiss(world, former)
    await expire_session(world.database, signed_out)
    callers: list[Caller] = [former, signed_out, await world.person(), await world.api_key(tree)]
    for caller in callers:
        async with application.connect() as connection:
            assert not await _entered(connection, caller, tree)
            for seen in _seen():
                found = await connection.execute(select(func.count()).select_from(seen), _binds(caller, tree))
                assert found.scalar_one() == 0
    async with application.connect() as connection:
        assert await _entered(connection, agent, tree)
        for seen in _seen():
            found = await connection.execute(select(func.count()).select_from(seen), _binds(agent, tree))
            assert found.scalar_one() >= 1


async def test_to_see_is_not_to_enter(application: AsyncEngine, world: World, tree: Account) -> None:
    """The functions that staff read by open no table."""
    agent = await staff_member(world)
    async with application.connect() as connection:
        await connection.execute(select(entering()), _binds(agent, tree))
        for seen in (seen_account(_OF), seen_overrides(_OF)):
            assert (await connection.execute(select(seen), _binds(agent, tree))).all()
        for table in (accounts, memberships, overrides):
            assert (await connection.execute(select(table))).all() == []


async def test_four_eyes_hold_in_the_database_itself(world: World, tree: Account) -> None:
    """Whatever the application may be made to write."""
    agent, other = await staff_member(world), await staff_member(world)
    with pytest.raises(DBAPIError, match="nobody_approves_his_own"):
        await set_override(world, tree, OverrideKind.REVIEW_APPROVED, agent, approver=agent)
    force = text("UPDATE overrides SET in_force_from = now() WHERE master_id = :tree")
    async with world.database.connect() as connection:
        with pytest.raises(DBAPIError, match="four_eyes"):
            await connection.execute(force, {"tree": tree.key})
    await set_override(world, tree, OverrideKind.REVIEW_APPROVED, agent, approver=other)
