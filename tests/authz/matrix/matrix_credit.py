"""The rows of the matrix for credit."""

from models.accounts.tables import CreditMode
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, OWN_MANAGERS, Stage, once
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, Values, gated, table
from tests.world.credit import give_credit, give_payment_method, give_top_up_rule, own_balances, set_mode

CREDIT_READERS = MANAGERS | {"finance"}
"""They hold all of the area CREDIT in the account."""


async def _credit_transfer(stage: Stage) -> Values:
    await own_balances(stage.world, stage.account, stage.child)
    await give_credit(stage.world, stage.account, 5)
    between = {"fromAccountId": stage.account.id, "toAccountId": stage.child.id}
    return {**between, "amount": 5, "idempotencyKey": once()}


async def _credit_mode_update(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    return {"accountId": stage.account.id, "mode": "OWN_BALANCE"}


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


CREDIT_MUTATIONS = {
    "creditTransfer": Mutation(
        "CREDIT_TRANSFER",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CREDIT_READERS, "FORBIDDEN CREDIT_TRANSFER"),
            # They do not reach the account below, which takes.
            (CREDIT_READERS - OWN_MANAGERS, "NOT_FOUND"),
            (OWN_MANAGERS, DONE),
        ),
        _credit_transfer,
    ),
    "creditModeUpdate": Mutation(
        "CREDIT_TRANSFER",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CREDIT_READERS, "FORBIDDEN CREDIT_TRANSFER"),
            # It is about the credit of the account above.
            (CREDIT_READERS - ABOVE, "POOL_ACCOUNT_REQUIRED"),
            (ABOVE, DONE),
        ),
        _credit_mode_update,
    ),
    "creditTopUp": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _credit_top_up),
    "paymentMethodAdd": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _payment_method_add),
    "paymentMethodRemove": Mutation(
        "CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _payment_method_remove
    ),
    "topUpRuleUpdate": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _top_up_rule_update),
    "topUpRuleRemove": Mutation("CREDIT_WRITE", gated("CREDIT_WRITE", CREDIT_READERS), _top_up_rule_remove),
}
