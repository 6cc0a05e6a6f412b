"""The rows of the matrix for access reviews."""

import datetime

from models.base.ids import Kind
from tests.areas.access_review.giving import give_access_review
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, lasting

_ASKERS = lasting("ACCOUNT_TRANSFER", frozenset({"owner"}) | ABOVE)
"""Who may hand over the account."""


async def _start(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "endsAt": in_ten_days()}


def in_ten_days() -> str:
    """An end that is allowed."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=10)).isoformat()


async def _item(stage: Stage) -> Values:
    return {"accessReviewItemId": await _item_id(stage)}


async def _item_id(stage: Stage) -> str:
    await _close_all(stage)
    return (await give_access_review(stage.world, stage.account)).item_id


async def _review_id(stage: Stage) -> str:
    await _close_all(stage)
    return (await give_access_review(stage.world, stage.account)).id


async def _review(stage: Stage) -> Values:
    return {"accessReviewId": await _review_id(stage)}


async def _close_all(stage: Stage) -> None:
    """An account has one open review at most."""
    async with stage.world.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE access_reviews SET work_due_at = NULL")


async def _restore(stage: Stage, caller: str) -> None:
    await _close_all(stage)


MUTATIONS = {
    "accessReviewStart": Mutation("ACCOUNT_TRANSFER", _ASKERS, _start, _restore),
    "accessReviewCancel": Mutation("ACCOUNT_TRANSFER", _ASKERS, _review, _restore),
    "accessReviewItemConfirm": Mutation("ACCOUNT_TRANSFER", _ASKERS, _item, _restore),
    "accessReviewItemEnd": Mutation("ACCOUNT_TRANSFER", _ASKERS, _item, _restore),
}


ACCOUNT_FIELDS = {
    "accessReviews": ("MEMBERS_READ", MANAGERS),
}


NODES = {
    Kind.ACCESS_REVIEW: NodeOf(_review_id, MANAGERS),
    Kind.ACCESS_REVIEW_ITEM: NodeOf(_item_id, MANAGERS),
}
