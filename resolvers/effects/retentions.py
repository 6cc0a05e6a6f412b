"""How long rate limits, budgets of requests, mail, idempotency keys and the log of jobs are kept."""

from models.effects.jobs import QUEUE_SCHEMA
from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    # Longer than the longest window of a rate limit.
    Retention("attempts", "attempts", ("subject", "window_start"), "window_start", 3 * DAY),
    # It is full again by then, which is the same as none.
    Retention("cost_budgets", "cost_budgets", ("subject",), "settled_at", 2 * DAY),
    # Its links are no longer valid by then.
    Retention("mail", "outbox_messages", ("id",), "created_at", 30 * DAY),
    # What a request made outlives its key.
    Retention(
        "idempotency_records",
        "idempotency_records",
        ("master_id", "account_id", "principal_id", "key"),
        "created_at",
        30 * DAY,
    ),
    # Operators look up how often jobs ran and why they failed.
    Retention("job_log", f"{QUEUE_SCHEMA}.pgqueuer_log", ("id",), "created", 7 * DAY),
)
