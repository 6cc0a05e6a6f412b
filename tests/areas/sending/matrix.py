"""The rows of the matrix for sends."""

from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, MANAGERS, OUTSIDE, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Values, gated, table
from tests.world.recipients import give_list
from tests.world.reputation import let_send
from tests.world.sends import booking, give_reservation

CAMPAIGN_SENDERS = MANAGERS | {"marketer", "guest"}
"""They hold CAMPAIGNS_SEND in the account."""


async def _send_reserve(stage: Stage) -> Values:
    await let_send(stage.world, stage.account)
    return booking(stage.account, "ann", key=once())


async def _reservation(stage: Stage) -> Values:
    return {"reservationId": (await give_reservation(stage.world, stage.account)).id}


async def _send_preview(stage: Stage) -> Values:
    values = booking(stage.account, "ann")
    del values["idempotencyKey"]
    return values


_EITHER = "CAMPAIGNS_SEND or TRANSACTIONAL_SEND"
"""The stream decides; what is tried here is marketing."""

MUTATIONS = {
    "sendReserve": Mutation(_EITHER, gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _send_reserve),
    "sendCommit": Mutation(_EITHER, gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _reservation),
    "sendVoid": Mutation(_EITHER, gated("CAMPAIGNS_SEND", CAMPAIGN_SENDERS), _reservation),
}


async def _deliverability(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "addresses": ["ann@example.com"]}


QUERIES = {
    "deliverability": Query(
        "BLOCK_LIST_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS, "FORBIDDEN BLOCK_LIST_READ"),
            (MANAGERS, DONE),
        ),
        "{ marketing }",
        _deliverability,
    ),
    "sendPreview": Query(
        _EITHER,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - CAMPAIGN_SENDERS, "FORBIDDEN CAMPAIGNS_SEND"),
            (CAMPAIGN_SENDERS, DONE),
        ),
        "{ recipients }",
        _send_preview,
    ),
}


async def _reservation_id(stage: Stage) -> str:
    return (await give_reservation(stage.world, stage.account)).id


async def _list(stage: Stage) -> str:
    return (await give_list(stage.world, stage.account)).id


NODES = {
    Kind.SEND_RESERVATION: NodeOf(_reservation_id, CAMPAIGN_SENDERS),
    Kind.RECIPIENT_LIST: NodeOf(_list, CAMPAIGN_SENDERS),
}
