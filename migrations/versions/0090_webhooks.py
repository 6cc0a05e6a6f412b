"""webhooks: where events are delivered to, and what became of it"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0088"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "api_key_id",
            sa.Uuid(),
            nullable=False,
            comment="It reads with the rights that this key has then.",
        ),
        sa.Column(
            "types",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="Of events, by their names in the API; empty: all.",
        ),
        sa.Column("include_descendants", sa.Boolean(), nullable=False),
        sa.Column(
            "document", sa.Text(), nullable=True, comment="A GraphQL query that makes the data of a delivery."
        ),
        sa.Column(
            "secret", sa.LargeBinary(), nullable=False, comment="Sealed: deliveries are signed with it."
        ),
        sa.Column(
            "previous_secret",
            sa.LargeBinary(),
            nullable=True,
            comment="Sealed: signed with besides, until the moment below.",
        ),
        sa.Column("previous_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Rounds in a row that failed.",
        ),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_cursor", sa.Text(), nullable=False, comment="Up to there the log was read."),
        sa.Column(
            "read_transaction",
            sa.BigInteger(),
            nullable=False,
            comment="Events of earlier transactions were all read.",
        ),
        sa.Column("replay_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replay_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replay_cursor", sa.Text(), nullable=True, comment="Up to there the replay has come."),
        sa.Column("lease", sa.Uuid(), nullable=True, comment="Of the worker that is at work on it."),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("creator_user_id", sa.Uuid(), nullable=True),
        sa.Column("creator_api_key_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'PAUSED') = (pause_reason IS NOT NULL) AND (pause_reason IS NULL) = (paused_at IS NULL)",
            name=op.f("ck_webhooks_paused"),
        ),
        sa.CheckConstraint(
            "pause_reason IN ('FAILING', 'GONE', 'KEY_STOPPED')", name=op.f("ck_webhooks_pause_reason")
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'PAUSED')", name=op.f("ck_webhooks_status")),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_expires_at IS NULL)",
            name=op.f("ck_webhooks_previous_secret"),
        ),
        sa.CheckConstraint(
            "(replay_since IS NULL) = (replay_until IS NULL)", name=op.f("ck_webhooks_replay")
        ),
        sa.CheckConstraint(
            "char_length(description) BETWEEN 1 AND 200", name=op.f("ck_webhooks_description_length")
        ),
        sa.CheckConstraint("char_length(document) <= 10000", name=op.f("ck_webhooks_document_length")),
        sa.CheckConstraint("char_length(url) BETWEEN 1 AND 2000", name=op.f("ck_webhooks_url_length")),
        sa.ForeignKeyConstraint(["creator_user_id"], ["users.id"], name=op.f("fk_webhooks_creator_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_webhooks_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "api_key_id"],
            ["api_keys.master_id", "api_keys.id"],
            name=op.f("fk_webhooks_master_id_api_key_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_account_id_id", "webhooks", ["account_id", "id"])
    op.create_index(
        "ix_webhooks_active", "webhooks", ["turn_at"], postgresql_where=sa.text("status = 'ACTIVE'")
    )
    op.create_index("ix_webhooks_api_key_id", "webhooks", ["master_id", "api_key_id"])
    op.create_index("ix_webhooks_id", "webhooks", ["id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True, comment="NULL: a test."),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Tries that failed since it was ordered, or ordered again by a replay.",
        ),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'PENDING') = (next_try_at IS NOT NULL) AND (next_try_at IS NULL) = (finished_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_finished"),
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'DELIVERED', 'FAILED', 'WITHHELD')",
            name=op.f("ck_webhook_deliveries_status"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_webhook_deliveries_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index("ix_webhook_deliveries_id", "webhook_deliveries", ["id"])
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["master_id", "webhook_id", "next_try_at", "id"],
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id_id", "webhook_deliveries", ["master_id", "webhook_id", "id"]
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id_status",
        "webhook_deliveries",
        ["master_id", "webhook_id", "status", "id"],
    )
    op.create_index(
        "uq_webhook_deliveries_event_id",
        "webhook_deliveries",
        ["master_id", "webhook_id", "event_id"],
        unique=True,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_table(
        "webhook_tries",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True, comment="Of HTTP; NULL: there was no answer."),
        sa.Column("problem", sa.Text(), nullable=True, comment="NULL: it was taken."),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "problem IN ('ADDRESS_NOT_ALLOWED', 'NAME_NOT_FOUND', 'NOT_CONNECTED', 'NOT_ANSWERED', 'TIMED_OUT', 'REFUSED')",
            name=op.f("ck_webhook_tries_problem"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_webhook_tries_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "delivery_id", "id", name=op.f("pk_webhook_tries")),
    )
    op.create_index("ix_webhook_tries_tried_at", "webhook_tries", ["tried_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO {ROLE}")
    settled = "status, failures, next_try_at, finished_at, created_at"
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({settled}) ON webhook_deliveries TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT ON webhook_tries TO {ROLE}")
