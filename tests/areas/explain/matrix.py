"""The rows of the matrix for explanations."""

from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import Query, Values, table


async def _own_access(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "permission": "ACCOUNT_READ"}


QUERIES = {
    # About oneself; who may ask about others is in `tests/areas/explain`.
    "explainAccess": Query(
        "ACCOUNT_READ",
        table((ANONYMOUS, "UNAUTHENTICATED"), (OUTSIDE, "NOT_FOUND"), (INSIDE, DONE)),
        "{ decision }",
        _own_access,
    ),
}
