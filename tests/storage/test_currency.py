"""The only way to another currency is held to the open tree and to what is booked there."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from models.accounts.tables import accounts
from tests.world.credit import EURO, give_credit
from tests.world.world import Account, World


async def _correct(application: AsyncEngine, opened: Account, tree: Account) -> bool:
    async with application.begin() as connection:
        await connection.execute(text(f"SELECT set_config('mandant.trees', '{opened.key}', true)"))
        return bool((await connection.execute(select(func.currency_correct(tree.key, "CHF")))).scalar_one())


async def _currency(world: World, account: Account) -> str:
    async with world.database.connect() as connection:
        statement = select(accounts.c.currency).where(accounts.c.id == account.key)
        return str((await connection.execute(statement)).scalar_one())


async def test_it_is_held_to_the_open_tree_and_to_what_is_booked(
    application: AsyncEngine, world: World
) -> None:
    master, other = await world.account(), await world.account()
    with pytest.raises(DBAPIError, match="the tree is not open"):
        await _correct(application, other, master)
    assert await _currency(world, master) == "EUR"
    assert await _correct(application, master, master)
    assert await _currency(world, master) == "CHF"
    booked = await world.account()
    await give_credit(world, await world.account(booked), EURO)
    assert not await _correct(application, booked, booked)
    assert await _currency(world, booked) == "EUR"
