"""The stored functions that delete what is kept for a time, in all trees: one for each retention."""

from models.base.stored_functions import StoredFunction, functions_in
from resolvers.effects.retention import BATCH, Retention, retentions


def _functions(retention: Retention) -> tuple[StoredFunction, ...]:
    return functions_in(
        __package__,
        "delete_old",
        name=retention.name,
        table=retention.table,
        key=", ".join(retention.key),
        same=" AND ".join(f"kept.{column} = old.{column}" for column in retention.key),
        since=retention.since,
        days=retention.kept.days,
        only=retention.only,
        batch=BATCH,
    )


FUNCTIONS = tuple(function for retention in retentions() for function in _functions(retention))
