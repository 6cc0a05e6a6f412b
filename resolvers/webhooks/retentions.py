"""How long deliveries and their tries are kept, also those of a webhook that is gone."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention("webhook_deliveries", "webhook_deliveries", ("master_id", "id"), "created_at", 30 * DAY),
    Retention("webhook_tries", "webhook_tries", ("master_id", "delivery_id", "id"), "tried_at", 30 * DAY),
)
