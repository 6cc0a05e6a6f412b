"""How long idempotency keys of messages are kept, and files that messages bring."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention("message_keys", "message_keys", ("master_id", "account_id", "id"), "created_at", 7 * DAY),
    Retention("attachments", "attachments", ("master_id", "account_id", "id"), "needed_until", DAY),
)
