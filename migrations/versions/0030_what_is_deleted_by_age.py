"""indexes by which workers find what is old enough to be deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

SINCE = {
    "sessions": "expires_at",
    "devices": "expires_at",
    "mailbox_links": "expires_at",
    "outbox_messages": "created_at",
    "idempotency_records": "created_at",
    "expiry_notices": "expires_at",
}


def upgrade() -> None:
    for table, column in SINCE.items():
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(
        "ix_send_reservations_given_back",
        "send_reservations",
        ["created_at"],
        postgresql_where=sa.text("status IN ('VOIDED', 'EXPIRED')"),
    )
