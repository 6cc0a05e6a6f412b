"""Closing and suspending while others write below: never an open account below a closed one (T7)."""

import asyncio

import pytest
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, accounts
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, World


async def _open_below_closed(database: AsyncEngine, master: Account) -> int:
    parent, child = accounts.alias(), accounts.alias()
    below = and_(parent.c.master_id == child.c.master_id, parent.c.id == child.c.parent_id)
    statement = (
        select(func.count())
        .select_from(child.join(parent, below))
        .where(
            child.c.master_id == master.key,
            parent.c.status == AccountStatus.CLOSED.value,
            child.c.status != AccountStatus.CLOSED.value,
        )
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def test_closing_a_parent_and_making_a_child(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        master = await world.account()
        parent = await world.account(master)
        owner = await world.member(master, BuiltinRole.OWNER)
        admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
        codes = await at_once(
            code_of(api, "accountClose", owner, accountId=parent.id),
            code_of(api, "subaccountCreate", admin, parentId=parent.id, name="A", idempotencyKey="1"),
        )
        assert codes in (["", "ACCOUNT_CLOSED"], ["HAS_SUBACCOUNTS", ""])
        assert await _open_below_closed(database, master) == 0


async def test_closing_a_whole_branch_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        master = await world.account()
        parent = await world.account(master)
        child = await world.account(parent)
        owner = await world.member(master, BuiltinRole.OWNER)
        codes = await at_once(
            code_of(api, "accountClose", owner, accountId=parent.id),
            code_of(api, "accountClose", owner, accountId=child.id),
        )
        assert codes in (["", ""], ["HAS_SUBACCOUNTS", ""])
        assert await _open_below_closed(database, master) == 0


@pytest.mark.parametrize("depth", [1, 2])
async def test_a_suspension_waits_for_writes_below_and_stops_the_next(
    api: Api, world: World, depth: int
) -> None:
    master = await world.account()
    suspended = await world.account(master)
    written = suspended
    for _ in range(depth):
        written = await world.account(written)
    above = await world.member(master, BuiltinRole.ADMINISTRATOR)
    inside = await world.member(written, BuiltinRole.ADMINISTRATOR)
    gate = Gate("INSERT INTO invitations")
    offer = {"accountId": written.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    inviting = asyncio.create_task(
        gate.holding(code_of(api, "memberInvite", inside, **offer, email="a@example.com", idempotencyKey="1"))
    )
    await gate.reached()
    suspending = asyncio.create_task(code_of(api, "accountSuspend", above, accountId=suspended.id))
    assert await waits(suspending, world.database)
    gate.open()
    assert (await inviting, await suspending) == ("", "")
    late = await code_of(api, "memberInvite", inside, **offer, email="b@example.com", idempotencyKey="2")
    assert late == "ACCOUNT_SUSPENDED"


async def test_a_write_below_waits_for_a_suspension_that_is_under_way(api: Api, world: World) -> None:
    master = await world.account()
    suspended = await world.account(master)
    written = await world.account(suspended)
    above = await world.member(master, BuiltinRole.ADMINISTRATOR)
    inside = await world.member(written, BuiltinRole.OWNER)
    gate = Gate("UPDATE accounts")
    suspending = asyncio.create_task(
        gate.holding(code_of(api, "accountSuspend", above, accountId=suspended.id))
    )
    await gate.reached()
    rename = {"accountId": written.id, "expectedVersion": 1, "name": "Late"}
    writing = asyncio.create_task(code_of(api, "accountUpdate", inside, **rename))
    beside = await world.account(master)
    assert await code_of(api, "accountUpdate", above, **(rename | {"accountId": beside.id})) == ""
    assert await waits(writing, world.database)
    gate.open()
    assert (await suspending, await writing) == ("", "ACCOUNT_SUSPENDED")


async def test_a_suspension_and_a_write_below(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        master = await world.account()
        suspended = await world.account(master)
        written = await world.account(suspended)
        above = await world.member(master, BuiltinRole.ADMINISTRATOR)
        inside = await world.member(written, BuiltinRole.OWNER)
        rename = {"accountId": written.id, "expectedVersion": 1, "name": "New"}
        codes = await at_once(
            code_of(api, "accountUpdate", inside, **rename),
            code_of(api, "accountSuspend", above, accountId=suspended.id),
        )
        assert codes in (["", ""], ["ACCOUNT_SUSPENDED", ""])
