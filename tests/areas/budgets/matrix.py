"""The rows of the matrix for budgets."""

import itertools

from models.accounts.tables import CreditMode
from tests.areas.credit.matrix import CREDIT_READERS
from tests.areas.subscriptions.matrix import PLAN_READERS
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, Values, table
from tests.world.credit import set_mode
from tests.world.plans import cancel_plan

_caps = itertools.count(1000)


async def _send_budget_update(stage: Stage) -> Values:
    await cancel_plan(stage.world, stage.account)
    return {"accountId": stage.account.id, "cap": next(_caps), "guarantee": 1}


async def _credit_budget_update(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    return {"accountId": stage.account.id, "cap": str(next(_caps)), "guarantee": "0"}


def _decided_above(permission: str, holders: frozenset[str]) -> dict[str, str]:
    return table(
        (ANONYMOUS, "UNAUTHENTICATED"),
        (OUTSIDE, "NOT_FOUND"),
        (INSIDE - holders, f"FORBIDDEN {permission}"),
        (holders - ABOVE, "PARENT_ACCOUNT_REQUIRED"),
        (ABOVE, DONE),
    )


MUTATIONS = {
    "sendBudgetUpdate": Mutation(
        "PLAN_WRITE", _decided_above("PLAN_WRITE", PLAN_READERS), _send_budget_update
    ),
    "creditBudgetUpdate": Mutation(
        "CREDIT_TRANSFER", _decided_above("CREDIT_TRANSFER", CREDIT_READERS), _credit_budget_update
    ),
}


ACCOUNT_FIELDS = {
    "sendBudget": ("PLAN_READ", PLAN_READERS),
    "creditBudget": ("CREDIT_READ", CREDIT_READERS),
}
