"""The currency of a tree is corrected while no account of it has an amount in it."""

import datetime
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from engine.writes.sessions import WriteSessions
from models.budgets.tables import BudgetCurrency
from models.statistics.tables import StatisticKind
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.billing import give_invoice
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import EURO, give_credit, give_payment_method, give_top_up, give_top_up_rule
from tests.world.plans import STARTER, subscribe
from tests.world.sends import reserved
from tests.world.statistics import count_there, counted, roll_up
from tests.world.world import Account, World


def _to_francs(account: Account, version: int = 1) -> dict[str, object]:
    return {"accountId": account.id, "expectedVersion": version, "currency": "CHF"}


async def test_the_currency_of_a_new_tree_is_corrected(api: Api, brand: Brand) -> None:
    """Below as well, with the plans on offer; sends without a price are no amounts."""
    await reserved(api, brand.owner, brand.us, "ann")
    await _cap_sends(api, brand)
    shown = "account { version credit { currency } plans(first: 1000) { nodes { currency } } }"
    made = await done(api, "accountUpdate", brand.owner, shown, **_to_francs(brand.master))
    assert (made["account"]["version"], made["account"]["credit"]["currency"]) == (2, "CHF")
    assert {plan["currency"] for plan in made["account"]["plans"]["nodes"]} == {"CHF"}
    query = "query ($id: ID!) { account(id: $id) { credit { currency } } }"
    below = await api.read(query, brand.owner, id=brand.store.id)
    assert below["account"]["credit"]["currency"] == "CHF"
    event = await last_event(api, brand.owner, brand.master.id)
    assert (event["type"], event["before"], event["after"]) == (
        "ACCOUNT_UPDATED",
        {"currency": "EUR"},
        {"currency": "CHF"},
    )


async def _cap_sends(api: Api, brand: Brand) -> None:
    await done(api, "sendBudgetUpdate", brand.owner, accountId=brand.us.id, expectedVersion=1, cap=100)


async def _credit(world: World, account: Account) -> None:
    await give_credit(world, account, EURO)


async def _plan(world: World, account: Account) -> None:
    await subscribe(world, account, STARTER)


async def _invoice(world: World, account: Account) -> None:
    await give_invoice(world, account)


async def _top_up(world: World, account: Account) -> None:
    await give_top_up(world, account)


async def _rule(world: World, account: Account) -> None:
    await give_top_up_rule(world, account, await give_payment_method(world, account))


async def _budget(world: World, account: Account) -> None:
    await set_budget(world, account, EURO, currency=BudgetCurrency.CREDIT)


@pytest.mark.parametrize("where", ["master", "store"])
@pytest.mark.parametrize("book", [_credit, _plan, _invoice, _top_up, _rule, _budget])
async def test_an_amount_anywhere_in_the_tree_keeps_it(
    api: Api, world: World, brand: Brand, where: str, book: Callable[[World, Account], Awaitable[None]]
) -> None:
    await book(world, getattr(brand, where))
    before = await world.state(brand.master)
    refused = await attempt(api, "accountUpdate", brand.owner, **_to_francs(brand.master), name="Renamed")
    assert refused.user_error is not None
    assert (refused.code, refused.user_error["field"]) == ("ALREADY_BOOKED", ["input", "currency"])
    assert await world.state(brand.master) == before
    same = _to_francs(brand.master) | {"currency": "EUR"}
    await done(api, "accountUpdate", brand.owner, **same)
    assert await world.state(brand.master) == before


async def test_it_is_the_master_accounts_and_needs_the_right_to_plans(
    api: Api, world: World, brand: Brand
) -> None:
    role = await world.role(brand.master, "ACCOUNT_READ ACCOUNT_WRITE")
    clerk = await world.member(brand.master, role)
    before = await world.state(brand.master)
    refused = await attempt(api, "accountUpdate", clerk, **_to_francs(brand.master))
    assert refused.user_error is not None
    assert (refused.code, refused.user_error["permission"]) == ("FORBIDDEN", "PLAN_WRITE")
    assert await code_of(api, "accountUpdate", brand.owner, **_to_francs(brand.us)) == "FAILED_PRECONDITION"
    assert await world.state(brand.master) == before


async def test_revenue_keeps_it_before_and_after_it_is_added_up(
    api: Api, world: World, brand: Brand, sessions: WriteSessions
) -> None:
    """Numbers of sends that cost nothing do not."""
    now = datetime.datetime.now(datetime.UTC)
    await count_there(sessions, brand.us, counted(StatisticKind.SENT, now))
    await done(api, "accountUpdate", brand.owner, **_to_francs(brand.master))
    revenue = replace(counted(StatisticKind.REVENUE, now), amount=EURO)
    await count_there(sessions, brand.us, revenue)
    for add_up in (False, True):
        if add_up:
            await roll_up(sessions, brand.us)
        before = await world.state(brand.master)
        values = _to_francs(brand.master, 2) | {"currency": "EUR"}
        assert await code_of(api, "accountUpdate", brand.owner, **values) == "ALREADY_BOOKED"
        assert await world.state(brand.master) == before
