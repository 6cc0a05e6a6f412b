"""The rows of the matrix for statistics."""

from tests.areas.subscriptions.matrix import STATISTICS_READERS
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import Query, Values, table

_READ = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - STATISTICS_READERS, "FORBIDDEN STATISTICS_READ"),
    (STATISTICS_READERS, DONE),
)


async def _year(stage: Stage) -> Values:
    year = {"since": "2026-01-01", "until": "2027-01-01"}
    return {"accountId": stage.account.id, "includeDescendants": True, "comparedToPrevious": True, **year}


QUERIES = {
    "statistics": Query("STATISTICS_READ", _READ, "{ asOf nodes { label } }", _year),
    "recipientStatistics": Query("STATISTICS_READ", _READ, "{ nodes { recipients } }", _year),
}
