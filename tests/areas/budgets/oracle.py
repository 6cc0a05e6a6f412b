"""The rows of the area `budgets` in the tables that have one for each mutation, table or id."""

from models.accounts.tables import CreditMode
from models.budgets.tables import BudgetCurrency, budgets
from tests.authz.escalation.statuses import ABOVE, NEEDS_ACTIVE, NOT_ONCE_CLOSED, Row
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Update, Updated, of_account
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import give_credit, set_mode
from tests.world.plans import cancel_plan, make_plan, subscribe
from tests.world.world import World


async def _lowered_sends(stage: Stage) -> Values:
    await cancel_plan(stage.world, stage.account)
    await set_budget(stage.world, stage.account, 1000)
    return {"accountId": stage.account.id, "cap": 0, "guarantee": 0}


async def _raised_credit(stage: Stage) -> Values:
    return {**await _lowered_credit(stage), "cap": "2000"}


async def _lowered_credit(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await set_budget(stage.world, stage.account, 1000, currency=BudgetCurrency.CREDIT)
    return {"accountId": stage.account.id, "cap": "0", "guarantee": "0"}


CONSEQUENCES = {
    "sendBudgetUpdate": does(Pays.ABOVE),
    "creditBudgetUpdate": does(Pays.ABOVE),
}


STATUSES = {
    "sendBudgetUpdate": Row(NEEDS_ACTIVE, ABOVE),
    "sendBudgetUpdate: lowers": Row(NOT_ONCE_CLOSED, ABOVE, prepare=_lowered_sends),
    "creditBudgetUpdate": Row(NEEDS_ACTIVE, ABOVE, prepare=_raised_credit),
    "creditBudgetUpdate: lowers": Row(NOT_ONCE_CLOSED, ABOVE, prepare=_lowered_credit),
}


BOUNDS = {
    "budgets": one_each("at most two for an account: sends and credit"),
    "credit_counts": one_each("an account's cycle and who pays in it"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    return {
        "sendBudgetUpdate": account | {"expectedVersion": 1, "cap": 5, "guarantee": 0},
        "creditBudgetUpdate": {"accountId": place.glass.id, "expectedVersion": 1}
        | {"cap": "5", "guarantee": "0"},
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await set_budget(world, tree.master, 5)


async def _send_budget(world: World, brand: Brand) -> Updated:
    await subscribe(world, brand.master, await make_plan(world, active_contacts=50, sends=100))
    await set_budget(world, brand.us, 10, 5)
    return of_account(brand.us, budgets)


async def _credit_budget(world: World, brand: Brand) -> Updated:
    await give_credit(world, brand.master, 100)
    await set_budget(world, brand.us, 10, 5, BudgetCurrency.CREDIT)
    return of_account(brand.us, budgets)


UPDATES = {
    "sendBudgetUpdate": Update(
        budgets,
        _send_budget,
        {"cap": Field(20, ("cap",), None), "guarantee": Field(6, ("guarantee",), 0)},
    ),
    "creditBudgetUpdate": Update(
        budgets,
        _credit_budget,
        {"cap": Field("20", ("cap",), None), "guarantee": Field("6", ("guarantee",), 0)},
    ),
}
