"""The rows of the matrix for payments."""

from models.base.ids import Kind
from tests.areas.credit.matrix import CREDIT_READERS
from tests.authz.matrix.matrix_callers import Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, gated
from tests.world.credit import give_payment_method, give_top_up, give_top_up_rule, own_balances


async def _credit_top_up(stage: Stage) -> Values:
    await own_balances(stage.world, stage.account)
    method = await give_payment_method(stage.world, stage.account)
    values = {"accountId": stage.account.id, "paymentMethodId": method.id}
    return {**values, "amount": 5, "idempotencyKey": once()}


async def _payment_method_add(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "reference": "paid", "label": "Card"}


async def _payment_method_remove(stage: Stage) -> Values:
    return {"paymentMethodId": (await give_payment_method(stage.world, stage.account)).id}


async def _top_up_rule_update(stage: Stage) -> Values:
    await own_balances(stage.world, stage.account)
    method = await give_payment_method(stage.world, stage.account)
    values = {"accountId": stage.account.id, "paymentMethodId": method.id}
    return {**values, "threshold": 5, "amount": 10, "dailyMaximum": 30}


async def _top_up_rule_remove(stage: Stage) -> Values:
    method = await give_payment_method(stage.world, stage.account)
    await give_top_up_rule(stage.world, stage.account, method)
    return {"accountId": stage.account.id}


MUTATIONS = {
    "creditTopUp": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _credit_top_up),
    "paymentMethodAdd": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _payment_method_add),
    "paymentMethodRemove": Mutation(
        "CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _payment_method_remove
    ),
    "topUpRuleUpdate": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _top_up_rule_update),
    "topUpRuleRemove": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _top_up_rule_remove),
}


ACCOUNT_FIELDS = {
    "paymentMethods": ("CREDIT_READ", CREDIT_READERS),
    "topUps": ("CREDIT_READ", CREDIT_READERS),
    "topUpRule": ("CREDIT_READ", CREDIT_READERS),
}


async def _payment_method(stage: Stage) -> str:
    return (await give_payment_method(stage.world, stage.account)).id


async def _top_up(stage: Stage) -> str:
    return await give_top_up(stage.world, stage.account)


NODES = {
    Kind.PAYMENT_METHOD: NodeOf(_payment_method, CREDIT_READERS),
    Kind.TOP_UP: NodeOf(_top_up, CREDIT_READERS),
}
