"""How long idempotency keys of messages and orders are kept, and files that messages bring."""

from resolvers.effects.retention import DAY, Retention
from resolvers.messages.orders.given import OLDEST

RETENTIONS = (
    Retention("message_keys", "message_keys", ("master_id", "account_id", "id"), "created_at", 7 * DAY),
    # A day longer than an order with the same moment can be reported.
    Retention("order_keys", "order_keys", ("master_id", "account_id", "id"), "happened_at", OLDEST + DAY),
    Retention("attachments", "attachments", ("master_id", "account_id", "id"), "needed_until", DAY),
)
