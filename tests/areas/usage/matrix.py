"""The rows of the matrix for usage."""

from tests.areas.subscriptions.matrix import STATISTICS_READERS
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Subscription, Values

ACCOUNT_FIELDS = {
    "usage": ("STATISTICS_READ", STATISTICS_READERS),
    "usageHistory": ("STATISTICS_READ", STATISTICS_READERS),
}


async def _account(stage: Stage) -> Values:
    return {"accountId": stage.account.id}


SUBSCRIPTIONS = {
    "usage": Subscription("STATISTICS_READ", STATISTICS_READERS, "{ sent }", _account),
}
