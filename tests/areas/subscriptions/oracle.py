"""The rows of the area `subscriptions` in the tables that have one for each mutation, table or id."""

import datetime

from models.accounts.tables import CreditMode
from tests.authz.escalation.statuses import ABOVE, NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.world.credit import set_mode
from tests.world.plans import STARTER, cancel_plan, subscribe


async def _waiting_first_plan(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await cancel_plan(stage.world, stage.account)
    in_a_week = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    await subscribe(stage.world, stage.account, STARTER, anchored_at=in_a_week)
    return {"accountId": stage.account.id, "expectedVersion": await stage.version()}


CONSEQUENCES = {
    "planChange": does(Pays.BILLED_AND_POOL),
    "planChangeWithdraw": does(Pays.BILLED_AND_POOL),
    "limitIncrease": does(Pays.BILLED_AND_POOL),
}


STATUSES = {
    "planChange": Row(NEEDS_ACTIVE, ABOVE),
    "planChangeWithdraw": Row(NEEDS_ACTIVE, ABOVE),
    "planChangeWithdraw: a first plan": Row(TAKES_AWAY, ABOVE, prepare=_waiting_first_plan),
    "limitIncrease": Row(NEEDS_ACTIVE, ABOVE),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    return {
        "planChange": {"accountId": place.master.id, "planId": STARTER.id}
        | {"expectedVersion": 1, "timeZone": "Europe/Paris"},
        "planChangeWithdraw": account | {"expectedVersion": 1},
        "limitIncrease": account | {"blocks": 1, "idempotencyKey": "6"},
    }
