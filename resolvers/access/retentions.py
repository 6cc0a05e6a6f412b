"""How long notices of ends are kept."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    # Notices go out until 30 days after an end, and only where none is stored.
    Retention(
        "expiry_notices",
        "expiry_notices",
        ("master_id", "account_id", "grant_id", "expires_at", "stage"),
        "expires_at",
        60 * DAY,
    ),
)
