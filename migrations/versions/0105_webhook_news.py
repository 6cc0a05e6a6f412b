"""webhooks are woken by what concerns them, paused by people, and their deliveries are retried and canceled"""

import sqlalchemy as sa
from alembic import op

revision = "0105"
down_revision = "0103"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "webhook_routing",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one log."),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="For events of earlier transactions it was noted which webhooks they concern.",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_webhook_routing_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_routing")),
        comment="Who notes which webhooks events concern locks this row.",
    )
    # What was not read yet for the webhooks that there are is still to be routed.
    op.execute(
        "INSERT INTO webhook_routing (id, transaction_id) SELECT 1, least("
        "(SELECT min(read_transaction) FROM webhooks), "
        "pg_snapshot_xmin(pg_current_snapshot())::text::bigint + coalesce((SELECT ahead FROM log_numbering), 0))"
    )
    op.create_table(
        "webhook_news",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column(
            "first_transaction",
            sa.BigInteger(),
            nullable=False,
            comment="Events of earlier transactions that concern the webhook were all read.",
        ),
        sa.Column(
            "last_transaction",
            sa.BigInteger(),
            nullable=False,
            comment="The last one known to concern it.",
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_webhook_news_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "webhook_id", name=op.f("pk_webhook_news")),
        comment="Webhooks that events of the log concern which were not read for them yet.",
    )
    op.execute(f"GRANT SELECT ON webhook_routing TO {ROLE}")
    op.execute(f"GRANT SELECT, DELETE ON webhook_news TO {ROLE}")
    op.drop_constraint(op.f("ck_webhooks_pause_reason"), "webhooks")
    op.create_check_constraint(
        op.f("ck_webhooks_pause_reason"),
        "webhooks",
        "pause_reason IN ('FAILING', 'GONE', 'KEY_STOPPED', 'ORDERED')",
    )
    op.drop_constraint(op.f("ck_webhook_deliveries_status"), "webhook_deliveries")
    op.create_check_constraint(
        op.f("ck_webhook_deliveries_status"),
        "webhook_deliveries",
        "status IN ('PENDING', 'DELIVERED', 'FAILED', 'WITHHELD', 'CANCELED')",
    )
    op.drop_constraint(op.f("ck_webhook_tries_problem"), "webhook_tries")
    op.create_check_constraint(
        op.f("ck_webhook_tries_problem"),
        "webhook_tries",
        "problem IN ('ADDRESS_NOT_ALLOWED', 'NAME_NOT_FOUND', 'NOT_CONNECTED', 'NOT_ANSWERED', 'TIMED_OUT', "
        "'REFUSED', 'DATA_NOT_READ')",
    )
    op.add_column(
        "webhook_deliveries",
        sa.Column(
            "is_replay",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="It waits because of a replay alone.",
        ),
    )
    op.add_column(
        "webhook_deliveries",
        sa.Column(
            "is_urgent",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Somebody waits for it: it is tried before others.",
        ),
    )
    op.execute(f"GRANT UPDATE (is_replay, is_urgent) ON webhook_deliveries TO {ROLE}")
    # What still waits is kept, however old it is.
    op.drop_index("ix_webhook_deliveries_created_at", "webhook_deliveries")
    op.create_index("ix_webhook_deliveries_finished_at", "webhook_deliveries", ["finished_at"])


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_finished_at", "webhook_deliveries")
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.drop_column("webhook_deliveries", "is_urgent")
    op.drop_column("webhook_deliveries", "is_replay")
    op.execute("UPDATE webhook_tries SET problem = 'TIMED_OUT' WHERE problem = 'DATA_NOT_READ'")
    op.drop_constraint(op.f("ck_webhook_tries_problem"), "webhook_tries")
    op.create_check_constraint(
        op.f("ck_webhook_tries_problem"),
        "webhook_tries",
        "problem IN ('ADDRESS_NOT_ALLOWED', 'NAME_NOT_FOUND', 'NOT_CONNECTED', 'NOT_ANSWERED', 'TIMED_OUT', "
        "'REFUSED')",
    )
    op.execute("UPDATE webhook_deliveries SET status = 'FAILED' WHERE status = 'CANCELED'")
    op.drop_constraint(op.f("ck_webhook_deliveries_status"), "webhook_deliveries")
    op.create_check_constraint(
        op.f("ck_webhook_deliveries_status"),
        "webhook_deliveries",
        "status IN ('PENDING', 'DELIVERED', 'FAILED', 'WITHHELD')",
    )
    op.execute("UPDATE webhooks SET pause_reason = 'FAILING' WHERE pause_reason = 'ORDERED'")
    op.drop_constraint(op.f("ck_webhooks_pause_reason"), "webhooks")
    op.create_check_constraint(
        op.f("ck_webhooks_pause_reason"), "webhooks", "pause_reason IN ('FAILING', 'GONE', 'KEY_STOPPED')"
    )
    op.drop_table("webhook_news")
    op.drop_table("webhook_routing")
