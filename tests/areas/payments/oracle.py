"""The rows of the area `payments` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.payments.top_up_rules import top_up_rules
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated, of_account
from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.credit import (
    EURO,
    give_credit,
    give_payment_method,
    give_top_up,
    give_top_up_rule,
    own_balances,
)
from tests.world.world import Account, World

CONSEQUENCES = {
    "paymentMethodAdd": NO_CONSEQUENCE,
    "paymentMethodRemove": NO_CONSEQUENCE,
    "creditTopUp": does(Pays.ITSELF),
    "topUpRuleUpdate": does(Pays.ITSELF),
    "topUpRuleRemove": NO_CONSEQUENCE,
}


STATUSES = {
    "paymentMethodAdd": Row(NEEDS_ACTIVE),
    "paymentMethodRemove": Row(TAKES_AWAY),
    "creditTopUp": Row(NEEDS_ACTIVE),
    "topUpRuleUpdate": Row(NEEDS_ACTIVE),
    "topUpRuleRemove": Row(TAKES_AWAY),
}


BOUNDS = {
    "payment_methods": kept("what was paid with"),
    "top_up_rules": one_each("at most one for an account"),
    "top_ups": kept("what was paid"),
}


REMOVES = {
    "paymentMethodRemove": "paymentMethod.id",
    "topUpRuleRemove": "account.id",  # an account has one at most
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    paid = {"paymentMethodId": place.objects[Kind.PAYMENT_METHOD]}
    return {
        "creditTopUp": account | paid | {"amount": "5", "idempotencyKey": "5"},
        "paymentMethodAdd": account | {"reference": "visa-1", "label": "Visa"},
        "paymentMethodRemove": paid,
        "topUpRuleUpdate": account
        | paid
        | {"expectedVersion": 1, "threshold": "5", "amount": "10", "dailyMaximum": "30"},
        "topUpRuleRemove": account,
    }


ID_FIELDS = {
    "paymentMethodId": Kind.PAYMENT_METHOD,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.PAYMENT_METHOD: (await give_payment_method(world, account)).id}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_top_up(world, tree.master)
    await give_top_up_rule(world, tree.master, await give_payment_method(world, tree.master))


async def _top_up_rule(world: World, brand: Brand) -> Updated:
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, EURO)
    method = await give_payment_method(world, brand.us)
    await give_top_up_rule(world, brand.us, method)
    return of_account(brand.us, top_up_rules)


async def _method(world: World, brand: Brand) -> str:
    return (await give_payment_method(world, brand.us)).id


UPDATES = {
    "topUpRuleUpdate": Update(
        top_up_rules,
        _top_up_rule,
        {
            "paymentMethodId": Field(_method, ("payment_method_id",), Null.REFUSED),
            "threshold": Field("7", ("threshold",), Null.REFUSED),
            "amount": Field("11", ("amount",), Null.REFUSED),
            "dailyMaximum": Field("40", ("daily_maximum",), Null.REFUSED),
        },
    ),
}
