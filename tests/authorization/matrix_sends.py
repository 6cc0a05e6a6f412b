"""The rows of the matrix for sends."""

import itertools

from tests.authorization.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authorization.matrix_plans import PLAN_READERS
from tests.authorization.matrix_rows import ABOVE, Mutation, Query, Values, gated, table
from tests.authorization.outcomes import DONE
from tests.sends import booking, give_reservation

CAMPAIGN_SENDERS = MANAGERS | {"marketer", "guest"}
"""They hold CAMPAIGNS_SEND in the account."""

_caps = itertools.count(1)


async def _send_reserve(stage: Stage) -> Values:
    return booking(stage.account, "ann", key=once())


async def _reservation(stage: Stage) -> Values:
    return {"reservationId": (await give_reservation(stage.world, stage.account)).id}


async def _send_cap_update(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "sends": 1000 + next(_caps)}


async def _send_preview(stage: Stage) -> Values:
    values = booking(stage.account, "ann")
    del values["idempotencyKey"]
    return values


SEND_MUTATIONS = {
    "sendReserve": Mutation("CAMPAIGNS_SEND", gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _send_reserve),
    "sendCommit": Mutation("CAMPAIGNS_SEND", gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _reservation),
    "sendVoid": Mutation("CAMPAIGNS_SEND", gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _reservation),
    "sendCapUpdate": Mutation(
        "PLAN_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - PLAN_READERS, "FORBIDDEN PLAN_WRITE"),
            (PLAN_READERS - ABOVE, "PARENT_ACCOUNT_REQUIRED"),
            (ABOVE, DONE),
        ),
        _send_cap_update,
    ),
}

SEND_QUERIES = {
    "sendPreview": Query(
        "CAMPAIGNS_SEND",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CAMPAIGN_SENDERS, "FORBIDDEN CAMPAIGNS_SEND"),
            (CAMPAIGN_SENDERS, DONE),
        ),
        "{ recipients }",
        _send_preview,
    )
}
