"""Budgets for tests, set straight in the database or through the API."""

import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert as upsert

from models.budgets.tables import BudgetCurrency, budgets
from tests.client.api import Api, Caller
from tests.client.mutations import Attempt, attempt
from tests.world.plans import FREE, subscribe
from tests.world.world import Account, World

SHOWN = "account { sendBudget { cap guarantee used } creditBudget { cap guarantee used } }"


async def set_budget(
    world: World,
    account: Account,
    cap: int | None,
    guarantee: int = 0,
    currency: BudgetCurrency = BudgetCurrency.SENDS,
) -> None:
    """The account and what is below it may use so much in a cycle, and so much is kept for them."""
    place = {"master_id": account.master, "account_id": account.key, "currency": currency.value}
    values = {"cap": cap, "guarantee": guarantee}
    written = upsert(budgets).values(**place, **values)
    async with world.database.begin() as connection:
        await connection.execute(written.on_conflict_do_update(index_elements=list(place), set_=values))


async def give_budgets(world: World, account: Account) -> None:
    """It has one of each currency, and a first plan of its own that waits."""
    for currency in BudgetCurrency:
        await set_budget(world, account, 1000, currency=currency)
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    await subscribe(world, account, FREE, anchored_at=tomorrow)


async def budget(
    api: Api, caller: Caller, account: Account, cap: int | None, guarantee: int = 0, field: str = "send"
) -> Attempt:
    """Set a budget of sends, or of `credit`."""
    values: dict[str, Any] = {"accountId": account.id, "cap": cap, "guarantee": guarantee}
    return await attempt(api, f"{field}BudgetUpdate", caller, SHOWN, **values)


async def budget_set(
    api: Api, caller: Caller, account: Account, cap: int | None, guarantee: int = 0, field: str = "send"
) -> None:
    """It must succeed."""
    made = await budget(api, caller, account, cap, guarantee, field)
    assert made.done, made
