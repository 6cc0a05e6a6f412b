"""How long deliveries that are finished and their tries are kept, also those of a webhook that is gone. What
still waits is kept: its webhook may be paused for long."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention("webhook_deliveries", "webhook_deliveries", ("master_id", "id"), "finished_at", 30 * DAY),
    Retention("webhook_tries", "webhook_tries", ("master_id", "delivery_id", "id"), "tried_at", 30 * DAY),
)
