"""message events"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"

ROLE = "mandant_data"

GRANTS = {
    "message_events": "SELECT, INSERT, DELETE",
    # It is never changed: the right lets old rows be locked before they are deleted.
    "message_event_keys": "SELECT, INSERT, DELETE, UPDATE (created_at)",
}


def _place() -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("master_id", "account_id", "id")]


def _created_at() -> sa.Column[Any]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "message_events",
        *_place(),
        sa.Column(
            "message_id",
            sa.Uuid(),
            nullable=False,
            comment="Of a partner's engine: made of the reservation and the recipient.",
        ),
        sa.Column("reservation_id", sa.Uuid(), comment="By which a partner's engine sent."),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False, comment="The first of its kind that was told."),
        sa.Column("url", sa.Text(), comment="That was clicked."),
        sa.Column("status", sa.Text(), comment="Of a bounce (RFC 3463)."),
        sa.Column("diagnostic", sa.Text(), comment="What the recipient's server said."),
        _created_at(),
        sa.CheckConstraint(
            "kind IN ('DELIVERED', 'HARD_BOUNCE', 'SOFT_BOUNCE', 'COMPLAINT', 'OPEN', 'CLICK', 'UNSUBSCRIBE')",
            name=op.f("ck_message_events_kind"),
        ),
        sa.CheckConstraint("char_length(url) <= 4000", name=op.f("ck_message_events_url_length")),
        sa.CheckConstraint("char_length(status) <= 20", name=op.f("ck_message_events_status_length")),
        sa.CheckConstraint(
            "char_length(diagnostic) <= 1000", name=op.f("ck_message_events_diagnostic_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_message_events")),
        comment="In the order in which they were told, which is not that in which they happened.",
    )
    of_message = ["master_id", "account_id", "message_id"]
    op.create_index("ix_message_events_message_id", "message_events", [*of_message, "id"])
    op.create_index(
        "uq_message_events_first",
        "message_events",
        [*of_message, "kind"],
        unique=True,
        postgresql_where=sa.text("is_first"),
    )
    op.create_table(
        "message_event_keys",
        *_place(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="Of all that the event was told to be."
        ),
        _created_at(),
        sa.CheckConstraint(
            "char_length(key) BETWEEN 1 AND 200", name=op.f("ck_message_event_keys_key_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_message_event_keys")),
        sa.UniqueConstraint(
            "master_id", "account_id", "key", name=op.f("uq_message_event_keys_master_id_account_id_key")
        ),
        comment="A partner's own ids of events, for thirty days.",
    )
    op.create_index(
        "ix_message_event_keys_created_at", "message_event_keys", ["master_id", "account_id", "created_at"]
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        # An account is of one tree, as in 0033.
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
    # A complaint that comes back by mail was entered by nobody.
    op.drop_constraint(op.f("ck_block_entries_entered_by"), "block_entries")
    op.create_check_constraint(
        op.f("ck_block_entries_entered_by"),
        "block_entries",
        "num_nonnulls(user_id, api_key_id) = 1 OR "
        "num_nonnulls(user_id, api_key_id) = 0 AND reason = 'COMPLAINT'",
    )
