"""How long numbers by hour are kept. Those by day and month stay."""

from resolvers.effects.retention import DAY, Retention

HOURS_KEPT = 60 * DAY

RETENTIONS = tuple(
    Retention(
        f"{table}_hours",
        table,
        (
            "master_id",
            "account_id",
            "period",
            "starts_at",
            "channel",
            "stream",
            "api_key_id",
            "campaign_id",
            "label",
        ),
        "starts_at",
        HOURS_KEPT,
        only="period = 'HOUR'",
    )
    for table in ("statistics", "subtree_statistics")
)
