"""The rows of the matrix for subscriptions."""

import datetime

from models.accounts.tables import CreditMode
from tests.areas.credit.matrix import CREDIT_READERS
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, GUESTS, INSIDE, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, Values, table
from tests.world.credit import set_mode
from tests.world.plans import GROWTH, STARTER, cancel_plan, choose, subscribe

PLAN_READERS = CREDIT_READERS
"""They hold all of the area PLAN in the account."""

STATISTICS_READERS = PLAN_READERS | GUESTS | {"marketer", "analyst", "key_analyst"}
"""They hold STATISTICS_READ in the account."""

_DECIDED_BY_WHO_PAYS = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - PLAN_READERS, "FORBIDDEN PLAN_WRITE"),
    # It is about the credit of the account above.
    (PLAN_READERS - ABOVE, "POOL_ACCOUNT_REQUIRED"),
    (ABOVE, DONE),
)


async def _plan_change(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await cancel_plan(stage.world, stage.account)
    account = {"accountId": stage.account.id, "expectedVersion": await stage.version()}
    return {**account, "planId": STARTER.id}


async def _limit_increase(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await cancel_plan(stage.world, stage.account)
    await subscribe(stage.world, stage.account, STARTER)
    return {"accountId": stage.account.id, "blocks": 1, "idempotencyKey": once()}


async def _plan_change_withdraw(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await cancel_plan(stage.world, stage.account)
    await subscribe(stage.world, stage.account, GROWTH)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9)
    await choose(stage.world, stage.account, STARTER, later)
    return {"accountId": stage.account.id, "expectedVersion": await stage.version()}


MUTATIONS = {
    "planChange": Mutation("PLAN_WRITE", _DECIDED_BY_WHO_PAYS, _plan_change),
    "planChangeWithdraw": Mutation("PLAN_WRITE", _DECIDED_BY_WHO_PAYS, _plan_change_withdraw),
    "limitIncrease": Mutation("PLAN_WRITE", _DECIDED_BY_WHO_PAYS, _limit_increase),
}
